//! The power fails: a file system under SQLite that forgets every write that was not synced, and keeps a random half of
//! them in every second try, as disks do. No acknowledged answer may be lost.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::{Connection, OpenFlags, ffi};
use semid_store::{NewParticipant, NewStudy, ParticipantKind, Store, StoredResponse, StoredTrial};

const TRIES: usize = 200;

#[test]
fn no_acknowledged_answer_is_lost_when_the_power_fails() {
    let disk = install();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let new = NewStudy { name: "films".into(), protocol: "{}".into(), ..NewStudy::default() };
    let study = store.write_study(&new).unwrap();
    store.lock_study(study.id, "hash").unwrap();
    let new = NewParticipant {
        study: study.id,
        pseudonym: "one".into(),
        kind: ParticipantKind::Person,
        part: 1,
        session: "s".into(),
        key: vec![0; 32],
    };
    let trial = |position| StoredTrial { position, task: "t".into(), plan: "{}".into(), shown_name: None };
    let one = store.write_participant(&new, 1, |_, _| (0..4_000).map(trial).collect()).unwrap();
    disk.acknowledged.store(0, Ordering::SeqCst);
    disk.lock().cut_from_now_on(folder.path());
    let mut position = 0;
    while disk.lock().cuts.len() < TRIES {
        let answer = format!("answer {position} {}", "x".repeat(position as usize * 13 % 500));
        let response =
            StoredResponse { participant: one.id, position, answer, answered_at: 1, mac: position.to_string() };
        store.record_response(&response).unwrap();
        position += 1;
        disk.acknowledged.store(u64::from(position), Ordering::SeqCst);
    }
    let cuts = std::mem::take(&mut disk.lock().cuts);
    disk.lock().folder = None;
    assert_eq!(cuts.len(), TRIES, "the power failed that often");
    let lost: Vec<(u64, u64)> =
        cuts.iter().map(|cut| (cut.acknowledged, answers_after(cut))).filter(|(said, found)| found < said).collect();
    assert!(lost.is_empty(), "acknowledged and found: {lost:?}");

    // The same without syncing loses answers, so the disk above does forget.
    let careless = tempfile::tempdir().unwrap();
    let connection = Connection::open(careless.path().join("semid.db")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "OFF").unwrap();
    connection.execute_batch("CREATE TABLE response (n INTEGER)").unwrap();
    disk.acknowledged.store(0, Ordering::SeqCst);
    disk.lock().cut_from_now_on(careless.path());
    for n in 0..200u64 {
        connection.execute("INSERT INTO response VALUES (?1)", [n as i64]).unwrap();
        disk.acknowledged.store(n + 1, Ordering::SeqCst);
    }
    let cuts = std::mem::take(&mut disk.lock().cuts);
    disk.lock().folder = None;
    let lost = cuts.iter().filter(|cut| answers_after(cut) < cut.acknowledged).count();
    assert!(lost > 0, "of {} cuts without syncing some lost answers", cuts.len());
}

/// How many answers there are when the machine starts again.
fn answers_after(cut: &Cut) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in &cut.files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = Connection::open_with_flags_and_vfs(folder.path().join("semid.db"), flags, c"unix").unwrap();
    connection
        .query_row("SELECT count(*) FROM response", [], |row| row.get::<_, i64>(0))
        .map_or(0, |count| count as u64)
}

/// What is on the disk, and what is only said to be.
struct Disk {
    acknowledged: AtomicU64,
    state: Mutex<State>,
}

struct State {
    files: BTreeMap<String, Blocks>,
    folder: Option<String>,
    cuts: Vec<Cut>,
    rng: ChaCha8Rng,
}

#[derive(Default)]
struct Blocks {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

struct Cut {
    acknowledged: u64,
    files: Vec<(String, Vec<u8>)>,
}

impl Disk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A change of a file; now and then the power fails right before it.
    fn change(&self, path: &str, change: Change) {
        let mut state = self.lock();
        self.maybe_cut(&mut state);
        state.files.entry(path.to_owned()).or_default().pending.push(change);
    }

    fn sync(&self, path: &str) {
        let mut state = self.lock();
        self.maybe_cut(&mut state);
        let blocks = state.files.entry(path.to_owned()).or_default();
        for change in std::mem::take(&mut blocks.pending) {
            apply(&mut blocks.synced, &change);
        }
    }

    fn maybe_cut(&self, state: &mut State) {
        let Some(folder) = state.folder.clone() else { return };
        if state.cuts.len() >= TRIES || !state.rng.random_bool(0.2) {
            return;
        }
        let keeps_half = state.cuts.len() % 2 == 1;
        let State { files, rng, .. } = state;
        let inside = files.iter().filter_map(|(path, blocks)| {
            Some((path.strip_prefix(&folder)?.trim_start_matches('/').to_owned(), blocks))
        });
        let files = inside
            .map(|(name, blocks)| {
                let mut content = blocks.synced.clone();
                for change in &blocks.pending {
                    if keeps_half && rng.random_bool(0.5) {
                        apply(&mut content, change);
                    }
                }
                (name, content)
            })
            .filter(|(_, content)| !content.is_empty())
            .collect();
        state.cuts.push(Cut { acknowledged: self.acknowledged.load(Ordering::SeqCst), files });
    }
}

impl State {
    fn cut_from_now_on(&mut self, folder: &Path) {
        self.folder = Some(folder.canonicalize().unwrap().to_str().unwrap().to_owned());
        self.cuts.clear();
    }
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(at, bytes) => {
            if content.len() < at + bytes.len() {
                content.resize(at + bytes.len(), 0);
            }
            content[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        Change::Truncate(size) => content.truncate(*size),
    }
}

static DISK: OnceLock<Disk> = OnceLock::new();
static UNDER: OnceLock<usize> = OnceLock::new();

/// Makes the forgetful file system the one that SQLite uses in this process.
fn install() -> &'static Disk {
    let rng = ChaCha8Rng::seed_from_u64(2026);
    let state = State { files: BTreeMap::new(), folder: None, cuts: Vec::new(), rng };
    let disk = DISK.get_or_init(|| Disk { acknowledged: AtomicU64::new(0), state: Mutex::new(state) });
    // SAFETY: the table of SQLite's own file system lives as long as the process; ours is leaked, so it does too.
    unsafe {
        assert_eq!(ffi::sqlite3_initialize(), ffi::SQLITE_OK);
        let unix = ffi::sqlite3_vfs_find(c"unix".as_ptr());
        UNDER.get_or_init(|| unix as usize);
        let mut ours = *unix;
        ours.szOsFile = (size_of::<File>() as c_int) + (*unix).szOsFile;
        ours.zName = c"forgetful".as_ptr();
        ours.pNext = std::ptr::null_mut();
        ours.xOpen = Some(open);
        ours.xDelete = Some(delete);
        assert_eq!(ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 1), ffi::SQLITE_OK);
    }
    disk
}

/// An open file: SQLite's own lies right behind it.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    name: *mut String,
}

/// SQLite's own file behind ours, and its methods.
unsafe fn under(file: *mut ffi::sqlite3_file) -> (*mut ffi::sqlite3_file, &'static ffi::sqlite3_io_methods) {
    // SAFETY: `open` laid the two out like this.
    unsafe {
        let inner = file.cast::<u8>().add(size_of::<File>()).cast::<ffi::sqlite3_file>();
        (inner, &*(*inner).pMethods)
    }
}

fn disk() -> &'static Disk {
    DISK.get().unwrap()
}

unsafe fn name_of(file: *mut ffi::sqlite3_file) -> &'static str {
    // SAFETY: set by `open`, freed by `close`, which is the last call on a file.
    unsafe { (*(*file.cast::<File>()).name).as_str() }
}

fn unix() -> *mut ffi::sqlite3_vfs {
    *UNDER.get().unwrap() as *mut ffi::sqlite3_vfs
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives `szOsFile` bytes, which is room for both.
    unsafe {
        let inner = file.cast::<u8>().add(size_of::<File>()).cast::<ffi::sqlite3_file>();
        let done = (*unix()).xOpen.unwrap()(unix(), name, inner, flags, out);
        let text = if name.is_null() { String::new() } else { CStr::from_ptr(name).to_str().unwrap().to_owned() };
        (*file.cast::<File>()).name = Box::into_raw(Box::new(text));
        (*file).pMethods = if done == ffi::SQLITE_OK { &METHODS } else { std::ptr::null() };
        done
    }
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: a plain call through.
    unsafe {
        disk().lock().files.remove(CStr::from_ptr(name).to_str().unwrap());
        (*unix()).xDelete.unwrap()(unix(), name, sync)
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, count: c_int, at: i64) -> c_int {
    // SAFETY: SQLite gives `count` bytes.
    unsafe {
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), count as usize).to_vec();
        disk().change(name_of(file), Change::Write(at as usize, bytes));
        let (inner, methods) = under(file);
        methods.xWrite.unwrap()(inner, from, count, at)
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: a plain call through.
    unsafe {
        disk().change(name_of(file), Change::Truncate(size as usize));
        let (inner, methods) = under(file);
        methods.xTruncate.unwrap()(inner, size)
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: the name is that of an open file. The real disk need not be asked.
    unsafe { disk().sync(name_of(file)) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: the last call on a file; the name was boxed by `open`.
    unsafe {
        drop(Box::from_raw((*file.cast::<File>()).name));
        let (inner, methods) = under(file);
        methods.xClose.unwrap()(inner)
    }
}

/// Methods that only pass on.
macro_rules! passes {
    ($($name:ident => $method:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $argument: $kind)*) -> $result {
            // SAFETY: a plain call through.
            unsafe {
                let (inner, methods) = under(file);
                methods.$method.unwrap()(inner $(, $argument)*)
            }
        }
    )*};
}

passes! {
    read => xRead(to: *mut c_void, count: c_int, at: i64) -> c_int;
    size => xFileSize(out: *mut i64) -> c_int;
    take_lock => xLock(level: c_int) -> c_int;
    unlock => xUnlock(level: c_int) -> c_int;
    check_lock => xCheckReservedLock(out: *mut c_int) -> c_int;
    control => xFileControl(what: c_int, argument: *mut c_void) -> c_int;
    sector => xSectorSize() -> c_int;
    traits => xDeviceCharacteristics() -> c_int;
    shm_map => xShmMap(page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) -> c_int;
    shm_lock => xShmLock(offset: c_int, n: c_int, flags: c_int) -> c_int;
    shm_barrier => xShmBarrier() -> ();
    shm_unmap => xShmUnmap(delete: c_int) -> c_int;
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(take_lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_lock),
    xFileControl: Some(control),
    xSectorSize: Some(sector),
    xDeviceCharacteristics: Some(traits),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};
