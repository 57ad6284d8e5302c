//! What the operating system must bring: a C compiler and root certificates; for the window a web view and Node; for its
//! tests a screen, a driver and a browser; Python with pip only where the first sources do not answer.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Once;

use crate::setup::System;
use crate::{shell, ui};

/// Something the system must bring.
struct Need {
    /// Debian's name for it.
    package: &'static str,
    /// Whether it is here.
    here: fn() -> bool,
}

/// To build and to download: SQLite is C, and https needs to know whom to trust.
const ALWAYS: [Need; 2] = [
    Need { package: "build-essential", here: || has_program("cc") || has_program("cl") },
    Need { package: "ca-certificates", here: has_certificates },
];

/// To build the window. Elsewhere than on Linux the system has a web view of its own.
const FOR_THE_WINDOW: [Need; 1] = [Need { package: "libwebkit2gtk-4.1-dev", here: has_webkit }];

/// To test the window without a screen, and the web view in a second browser.
const FOR_ITS_TESTS: [Need; 4] = [
    Need { package: "xvfb", here: || has_program("Xvfb") },
    Need { package: "xauth", here: || has_program("xauth") },
    Need { package: "webkit2gtk-driver", here: || has_program("WebKitWebDriver") },
    Need { package: "chromium", here: || has_program("chromium") || has_program("google-chrome") },
];

/// For models and data that come inside a Python package.
const FOR_PACKAGES: [Need; 2] = [
    Need { package: "python3", here: || has_program("python3") || has_program("python") },
    Need { package: "python3-pip", here: has_pip },
];

/// Installs what is missing, or says how.
pub fn install(system: System) -> Result<(), String> {
    let mut needs: Vec<&Need> = Vec::new();
    if system != System::LeftAlone {
        needs.extend(&ALWAYS);
    }
    if cfg!(target_os = "linux") && matches!(system, System::Window | System::Everything) {
        needs.extend(&FOR_THE_WINDOW);
    }
    if cfg!(target_os = "linux") && system == System::Everything {
        needs.extend(&FOR_ITS_TESTS);
    }
    let missing = missing(needs);
    if !missing.is_empty() && !provide(&missing) {
        return Err(format!("These system packages are needed first: {}. {}", missing.join(", "), advice(&missing)));
    }
    if matches!(system, System::Window | System::Everything) {
        install_node()?;
    }
    if system != System::LeftAlone {
        println!("system  {:<18} ready", "packages");
    }
    Ok(())
}

/// Node builds the web view. Many systems bring one that is too old, so that it is looked at before it is installed.
fn install_node() -> Result<(), String> {
    let Err(sentence) = ui::has_node() else { return Ok(()) };
    let offered = Command::new("apt-cache").args(["policy", "nodejs"]).output();
    let offered = offered.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let candidate = offered.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
    let new_enough = candidate.is_some_and(|version| ui::is_new_enough(version.trim()));
    if new_enough && provide(&["nodejs", "npm"]) && ui::has_node().is_ok() {
        return Ok(());
    }
    Err(sentence)
}

/// Makes Python and pip be here if that is possible without asking; they are only the second way to get anything, so
/// their absence is no error.
pub fn offer_python() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let missing = missing(&FOR_PACKAGES);
        if !missing.is_empty() && !provide(&missing) {
            println!("  (without Python and pip only the first source can be used. {})", advice(&missing));
        }
    });
}

fn missing<'a>(needs: impl IntoIterator<Item = &'a Need>) -> Vec<&'static str> {
    needs.into_iter().filter(|need| !(need.here)()).map(|need| need.package).collect()
}

/// Whether the packages could be installed: on Debian and its kin, as root.
fn provide(packages: &[&str]) -> bool {
    if !has_program("apt-get") || !is_root() {
        return false;
    }
    println!("system  installing {} …", packages.join(", "));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(["-qq", "-o", "Dpkg::Use-Pty=0"]).args(arguments);
        command.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        shell::succeeds(&mut command)
    };
    let install = [&["install", "-y", "--no-install-recommends"], packages].concat();
    // The lists on a fresh machine are empty or old; where they are current, no update is needed.
    apt(&install) || (apt(&["update"]) && apt(&install))
}

fn advice(packages: &[&str]) -> String {
    if has_program("apt-get") {
        let sudo = if is_root() { "" } else { "sudo " };
        format!("Run: {sudo}apt-get update && {sudo}apt-get install -y {}", packages.join(" "))
    } else {
        format!("Install what Debian calls {} with your system's package manager.", packages.join(", "))
    }
}

fn is_root() -> bool {
    // The owner of /proc/self is the effective user; no other way in the standard library.
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata("/proc/self").is_ok_and(|data| data.uid() == 0)
    }
    #[cfg(not(target_os = "linux"))]
    false
}

fn has_program(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(name).is_file() || folder.join(format!("{name}.exe")).is_file())
}

fn has_certificates() -> bool {
    // Elsewhere than on Linux the system keeps them itself.
    const BUNDLES: [&str; 4] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];
    !cfg!(target_os = "linux")
        || env::var_os("SSL_CERT_FILE").is_some()
        || env::var_os("SSL_CERT_DIR").is_some()
        || BUNDLES.iter().any(|bundle| Path::new(bundle).exists())
}

fn has_webkit() -> bool {
    let mut command = Command::new("pkg-config");
    command.args(["--exists", "webkit2gtk-4.1"]).stdout(Stdio::null()).stderr(Stdio::null());
    shell::succeeds(&mut command)
}

fn has_pip() -> bool {
    let python = if cfg!(windows) { "python" } else { "python3" };
    let mut command = Command::new(python);
    command.args(["-c", "import pip"]).stdout(Stdio::null()).stderr(Stdio::null());
    shell::succeeds(&mut command)
}
