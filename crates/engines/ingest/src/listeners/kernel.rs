//! Datagrams that the kernel dropped because its buffer was full before we could read them, as Linux tells in
//! `/proc/net/udp`. Elsewhere nothing is known.

use std::fs;
use std::os::fd::AsRawFd;

/// Datagrams dropped before this socket since it was opened; `None` where the system does not say.
pub(super) fn dropped(socket: &impl AsRawFd) -> Option<u64> {
    let link = fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok()?;
    let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned();
    ["/proc/self/net/udp", "/proc/self/net/udp6"]
        .iter()
        .find_map(|path| drops_of(&fs::read_to_string(path).ok()?, &inode))
}

/// The last column of the socket's row; the inode is the tenth.
fn drops_of(table: &str, inode: &str) -> Option<u64> {
    let row = table.lines().skip(1).find(|row| row.split_whitespace().nth(9) == Some(inode))?;
    row.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_the_socket_is_found_by_its_inode() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n \
             1: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 0\n \
             2: 00000000:158A 00000000:0000 07 00000000:00034500 00:00000000 00000000     0        0 4712 2 0000000000000000 321\n";
        assert_eq!(drops_of(table, "4712"), Some(321));
        assert_eq!(drops_of(table, "4711"), Some(0));
        assert_eq!(drops_of(table, "9"), None);
        assert_eq!(drops_of("", "4712"), None);
    }
}
