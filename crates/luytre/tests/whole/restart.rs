//! The server starts on whatever an earlier run left.

use crate::program::{Serving, free_port, number, run, until};

#[test]
fn it_starts_again_after_the_log_was_sealed_and_released() {
    let directory = tempfile::tempdir().expect("directory");
    let data = directory.path().join("data");
    let file = directory.path().join("one.log");
    std::fs::write(&file, "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster from 173.234.31.186\n")
        .expect("log");
    run(&data, &["import", file.to_str().expect("path")]);
    let log = data.join("events/log");
    for _ in 0..2 {
        let server = Serving::start(&data, free_port(), free_port(), free_port());
        assert_eq!(number(&data, "SELECT count(*) FROM events"), 1);
        until("the log is released", || std::fs::read_dir(&log).expect("the log").next().is_none());
        server.stop();
    }
}
