//! Disks and folders that are in the way.

use std::fs;

use super::server::{Manner, Server};
use super::{Place, bytes, recipe};
use crate::{Error, Home};

#[test]
fn a_home_below_a_file_is_a_sentence_that_names_it() {
    let mut place = Place::new();
    fs::write(place.path().join("file"), "").unwrap();
    place.home = Home::at(place.path().join("file/home"));
    let body = bytes(10);
    let server = Server::new(Manner::Well(body.clone()));
    let error = place.get(&recipe(&[server.base()], &body)).unwrap_err();
    assert!(matches!(error, Error::Disk { .. }), "the disk is to blame, not the source: {error:?}");
    assert!(error.to_string().contains("SEMID_HOME"), "the sentence says what to do: {error}");
    assert_eq!(server.requests(), 0, "nobody is asked for what cannot be kept");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_sentence_and_ends_the_fetch() {
    let place = Place::new();
    let body = bytes(10_000);
    let (one, two) = (Server::new(Manner::Well(body.clone())), Server::new(Manner::Well(body.clone())));
    let recipe = recipe(&[one.base(), two.base()], &body);
    // Writing to /dev/full fails as writing to a full disk does.
    let folder = place.home.data("test");
    fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.join("file.csv.part")).unwrap();
    let error = place.get(&recipe).unwrap_err().to_string();
    assert!(error.contains("the disk is full"), "the sentence says so: {error}");
    assert_eq!(two.requests(), 0, "another source would not help");
}

#[test]
fn files_that_are_there_are_used_also_without_a_record_and_a_changed_one_is_noticed() {
    let place = Place::new();
    let body = bytes(10_000);
    let recipe = recipe(&[super::server::nobody()], &body);
    let folder = place.home.data("test");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("file.csv"), &body).unwrap();
    assert!(place.present(&recipe).is_some(), "a copied folder has the right digest and is taken as it is");

    fs::write(folder.join("file.csv"), bytes(9_999)).unwrap();
    assert_eq!(place.present(&recipe), None, "a changed file is noticed by its length or time, then by its digest");

    fs::write(folder.join("file.csv"), &body).unwrap();
    fs::write(folder.join(".verified.toml"), "\u{0}nonsense").unwrap();
    assert!(place.present(&recipe).is_some(), "a damaged record only costs hashing again");
}

#[test]
fn two_fetches_of_one_thing_download_it_once() {
    let body = bytes(200_000);
    let server = Server::new(Manner::Well(body.clone()));
    let (place, recipe) = (Place::new(), recipe(&[server.base()], &body));
    std::thread::scope(|scope| {
        let fetches: Vec<_> = (0..2).map(|_| scope.spawn(|| place.get(&recipe).unwrap())).collect();
        let downloads = fetches.into_iter().map(|fetch| fetch.join().unwrap()).filter(|fetched| fetched.downloaded);
        assert_eq!(downloads.count(), 1, "the second one waits and finds it there");
    });
    assert_eq!(server.requests(), 1, "the server was asked once");
}
