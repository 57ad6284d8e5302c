//! Downloads over HTTP, from servers good and bad.

use std::fs;

use super::server::{Manner, Server, nobody};
use super::{HEAD, IMPORT, Log, Place, bytes, recipe};
use crate::{Digest, Error, Recipe};

#[test]
fn a_file_arrives_verified_and_the_second_time_nobody_is_asked() {
    let body = bytes(300_000);
    let server = Server::new(Manner::Well(body.clone()));
    let (place, recipe) = (Place::new(), recipe(&[server.base()], &body));

    assert_eq!(place.present(&recipe), None, "nothing is here yet, and looking asks no server");
    let fetched = place.get(&recipe).unwrap();
    assert!(fetched.downloaded, "it was not here before");
    assert_eq!(place.read(&recipe, "file.csv"), body, "the bytes are those of the server");
    assert!(!fetched.folder.join("file.csv.part").exists(), "the part became the file");

    let again = place.get(&recipe).unwrap();
    assert!(!again.downloaded, "everything is there");
    assert_eq!(server.requests(), 1, "a file that is there is not asked for");
}

#[test]
fn the_next_source_is_asked_when_one_has_no_file_or_a_problem_or_no_listener() {
    let body = bytes(1_000);
    let missing = Server::new(Manner::Status(404));
    let broken = Server::new(Manner::Status(500));
    let good = Server::new(Manner::Well(body.clone()));
    let place = Place::new();
    let recipe = recipe(&[missing.base(), broken.base(), nobody(), good.base()], &body);

    let log = Log::default();
    place.get_watched(&recipe, &log).unwrap();
    assert_eq!(place.read(&recipe, "file.csv"), body, "the last source served it");
    for said in ["no such file (HTTP 404)", "problem of its own (HTTP 500)", "connection refused"] {
        assert!(log.text().contains(said), "each failed source is told with its reason ({said}): {}", log.text());
    }
}

#[test]
fn when_nobody_serves_it_the_error_names_every_source_and_a_way_out() {
    let missing = Server::new(Manner::Status(404));
    let place = Place::new();
    let recipe = recipe(&[missing.base(), nobody()], b"x");

    let error = place.get(&recipe).unwrap_err();
    assert!(matches!(error, Error::NothingAnswered { .. }), "it is this kind of error: {error:?}");
    let text = error.to_string();
    for part in ["Test data", "none of its 2 sources", "HTTP 404", "connection refused", "HTTPS_PROXY", "file.csv"] {
        assert!(text.contains(part), "the sentence says {part}: {text}");
    }
    assert_eq!(place.present(&recipe), None, "a failed fetch leaves nothing that looks finished");
}

#[test]
fn a_file_with_another_digest_is_thrown_away_and_the_next_source_asked() {
    let body = bytes(5_000);
    let mut changed = body.clone();
    changed[2_500] ^= 1;
    let (bad, good) = (Server::new(Manner::Well(changed)), Server::new(Manner::Well(body.clone())));
    let place = Place::new();
    let recipe = recipe(&[bad.base(), good.base()], &body);

    let log = Log::default();
    place.get_watched(&recipe, &log).unwrap();
    assert_eq!(place.read(&recipe, "file.csv"), body, "only verified bytes get the file's name");
    assert!(log.text().contains("is not the file expected"), "the change is told: {}", log.text());
}

#[test]
fn a_file_of_another_length_is_refused_before_it_is_downloaded() {
    let body = bytes(5_000);
    let server = Server::new(Manner::Well(bytes(6_000)));
    let place = Place::new();

    let log = Log::default();
    let error = place.get_watched(&recipe(&[server.base()], &body), &log).unwrap_err().to_string();
    assert!(error.contains("6000 bytes where 5000 are expected"), "the sentence has both lengths: {error}");
    assert_eq!(log.first_bytes.get(), None, "not a byte was taken");
}

#[test]
fn a_connection_that_breaks_off_is_taken_up_again_where_it_broke() {
    let body = bytes(100_000);
    let server = Server::new(Manner::BreakingOff(body.clone(), 40_000));
    let (place, recipe) = (Place::new(), recipe(&[server.base()], &body));

    place.get(&recipe).unwrap();
    assert_eq!(place.read(&recipe, "file.csv"), body, "three pieces make the whole");
    assert_eq!(server.ranges(), ["bytes=40000-", "bytes=80000-"], "each request asked for the rest only");
}

#[test]
fn a_connection_that_gives_nothing_new_is_given_up() {
    let body = bytes(1_000);
    let server = Server::new(Manner::BreakingOff(body.clone(), 0));
    let place = Place::new();

    let error = place.get(&recipe(&[server.base()], &body)).unwrap_err();
    assert!(matches!(error, Error::NothingAnswered { .. }), "it ends, with a sentence: {error}");
    assert_eq!(server.requests(), 1, "an answer without a byte is not asked for again and again");
}

#[test]
fn a_cancel_in_the_middle_stops_at_once_and_the_next_fetch_goes_on_from_there() {
    let body = bytes(400_000);
    let place = Place::new();
    let silent = Server::tagged(Manner::FallingSilent(body.clone(), 150_000), "\"same\"");
    let started = std::time::Instant::now();
    let log = Log { cancel_after: Some(150_000), ..Log::default() };
    let error = place.get_watched(&recipe(&[silent.base()], &body), &log).unwrap_err();
    assert!(matches!(error, Error::Cancelled), "it says that it was cancelled: {error:?}");
    assert!(started.elapsed().as_secs() < 4, "a cancel does not wait for the network");

    let good = Server::tagged(Manner::Well(body.clone()), "\"same\"");
    let recipe = recipe(&[good.base()], &body);
    place.get(&recipe).unwrap();
    assert_eq!(place.read(&recipe, "file.csv"), body, "old and new bytes make the whole");
    assert_eq!(good.ranges(), ["bytes=150000-"], "only the rest was asked for");
}

#[test]
fn a_server_that_falls_silent_is_left_for_the_next_source() {
    let body = bytes(50_000);
    let silent = Server::new(Manner::FallingSilent(body.clone(), 0));
    let good = Server::new(Manner::Well(body.clone()));
    let place = Place::new();
    let recipe = recipe(&[silent.base(), good.base()], &body);

    let log = Log::default();
    place.get_watched(&recipe, &log).unwrap();
    assert_eq!(place.read(&recipe, "file.csv"), body, "the second source served it");
    assert!(log.text().contains("Failed"), "the first one was given up: {}", log.text());
}

#[test]
fn a_server_that_ignores_ranges_sends_all_of_it_and_that_is_used() {
    let body = bytes(90_000);
    let place = Place::new();
    let server = Server::new(Manner::IgnoringRanges(body.clone()));
    let recipe = recipe(&[server.base()], &body);
    leave_part(&place, &recipe, &body[..30_000], "");

    place.get(&recipe).unwrap();
    assert_eq!(server.ranges(), ["bytes=30000-"], "the rest was asked for");
    assert_eq!(place.read(&recipe, "file.csv"), body, "the whole answer replaced the part");
}

#[test]
fn a_part_of_another_version_is_not_continued() {
    let body = bytes(90_000);
    let place = Place::new();
    let server = Server::tagged(Manner::Well(body.clone()), "\"new\"");
    let recipe = recipe(&[server.base()], &body);
    leave_part(&place, &recipe, &[7; 30_000], "\"old\"");

    place.get(&recipe).unwrap();
    assert_eq!(place.read(&recipe, "file.csv"), body, "the server told that it has another version by now");
}

#[test]
fn a_spoilt_part_is_found_out_by_the_digest_and_downloaded_again() {
    let body = bytes(90_000);
    let place = Place::new();
    let server = Server::new(Manner::Well(body.clone()));
    let recipe = recipe(&[server.base()], &body);
    leave_part(&place, &recipe, &[7; 30_000], "");

    place.get(&recipe).unwrap();
    assert_eq!(place.read(&recipe, "file.csv"), body, "the part was to blame, not the source");
    assert_eq!(server.requests(), 2, "the rest first, then the whole");
}

#[test]
fn a_redirect_is_followed_and_an_endless_one_is_a_sentence() {
    let body = bytes(2_000);
    let good = Server::new(Manner::Well(body.clone()));
    let first = Server::new(Manner::Elsewhere(format!("{}file.csv", good.base())));
    let (place, there) = (Place::new(), recipe(&[first.base()], &body));
    place.get(&there).unwrap();
    assert_eq!(place.read(&there, "file.csv"), body, "the file came from where the first server pointed");

    let endless = Server::new(Manner::Elsewhere("/again".to_owned()));
    let error = Place::new().get(&recipe(&[endless.base()], &body)).unwrap_err().to_string();
    assert!(error.contains("from one address to the next"), "the sentence says what happened: {error}");
}

#[test]
fn a_file_without_published_digest_is_remembered_and_told_and_held_against_the_next_download() {
    let text = |base: &str| {
        format!(
            "{HEAD}files = [{{ path = \"file.csv\", trust = \"first-use\" }}]\n[[sources]]\nfrom.web = {{ base = \"{base}\" }}\n{IMPORT}"
        )
    };
    let body = bytes(3_000);
    let server = Server::new(Manner::Well(body.clone()));
    let recipe = Recipe::parse("test", &text(&server.base())).unwrap();
    let (place, log) = (Place::new(), Log::default());
    place.get_watched(&recipe, &log).unwrap();
    assert!(
        log.text().contains(&format!("FirstUse {{ file: \"file.csv\", sha256: \"{}\"", Digest::of(&body))),
        "it is told"
    );

    fs::remove_dir_all(place.home.data("test")).unwrap();
    let other = Server::new(Manner::Well(bytes(4_000)));
    let changed = Recipe::parse("test", &text(&other.base())).unwrap();
    let error = place.get(&changed).unwrap_err().to_string();
    assert!(error.contains("is not the file expected"), "the first download's digest outlives its file: {error}");
}

#[test]
fn members_of_a_verified_archive_are_taken_out_and_the_archive_goes() {
    let (archive, recipe_for) = archive();
    let server = Server::new(Manner::Well(archive));
    let recipe = recipe_for(&format!("{}data.zip", server.base()));
    let place = Place::new();
    let fetched = place.get(&recipe).unwrap();
    assert_eq!(place.read(&recipe, "file.csv"), b"inside", "the member has its own name here");
    assert!(!fetched.folder.join("data.zip").exists(), "nobody needs the archive any more");
    assert!(!place.get(&recipe).unwrap().downloaded, "the member is known by the archive it came from");

    fs::write(fetched.folder.join("file.csv"), "edited").unwrap();
    assert_eq!(place.present(&recipe), None, "a member that was changed is not passed off as verified");
}

#[test]
fn an_archive_put_there_by_hand_is_used_without_a_network() {
    let (archive, recipe_for) = archive();
    let place = Place::new();
    let recipe = recipe_for(&format!("{}data.zip", nobody()));
    fs::create_dir_all(place.home.data("test")).unwrap();
    fs::write(place.home.data("test").join("data.zip"), archive).unwrap();
    place.get(&recipe).unwrap();
    assert_eq!(place.read(&recipe, "file.csv"), b"inside", "the archive has the right digest, wherever it came from");
}

/// A zip with one member, and a recipe for it at an address.
fn archive() -> (Vec<u8>, impl Fn(&str) -> Recipe) {
    let bytes = super::through_pip::zip_of(&[("folder/inner.csv", b"inside")]);
    let digest = Digest::of(&bytes);
    let recipe = move |url: &str| {
        let text = format!(
            "{HEAD}files = [{{ path = \"file.csv\", from = \"folder/inner.csv\" }}]\n[[sources]]\nfrom.zip = {{ url = \"{url}\", sha256 = \"{digest}\" }}\n{IMPORT}"
        );
        Recipe::parse("test", &text).unwrap()
    };
    (bytes, recipe)
}

fn leave_part(place: &Place, recipe: &Recipe, bytes: &[u8], tag: &str) {
    let folder = place.home.data(&recipe.name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("file.csv.part"), bytes).unwrap();
    fs::write(folder.join("file.csv.part-tag"), tag).unwrap();
}
