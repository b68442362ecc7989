//! Packets in a file as tcpdump writes them, for programs that make flows of them.

/// Flows, each of two packets of 100 bytes.
pub(crate) const FLOWS: u16 = 300;

/// Packets of UDP in a file as tcpdump writes them.
pub(crate) fn packets() -> Vec<u8> {
    let mut file = Vec::new();
    for number in [0xa1b2_c3d4_u32, 2 | 4 << 16, 0, 0, 65_535, 1] {
        file.extend(number.to_le_bytes());
    }
    for flow in 0..FLOWS {
        let mut packet = vec![0; 12];
        packet.extend([8, 0, 0x45, 0, 0, 100, 0, 1, 0, 0, 64, 17, 0, 0]);
        packet.extend([192, 0, 2, u8::try_from(flow % 250 + 1).unwrap(), 198, 51, 100, 7]);
        for number in [1_000 + flow, 53, 80, 0] {
            packet.extend(number.to_be_bytes());
        }
        packet.resize(114, b'x');
        for time in [0_u32, 1_000] {
            for number in [1_795_402_810 + u32::from(flow) / 100, time, 114, 114] {
                file.extend(number.to_le_bytes());
            }
            file.extend(&packet);
        }
    }
    file
}
