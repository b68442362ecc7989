//! Sends syslog messages of 200 bytes as fast as asked, for measurements:
//!
//! `send_syslog tcp|udp ADDRESS SECONDS [MESSAGES A SECOND]`
//!
//! Without a rate as fast as they are taken. Prints how many were sent, in how many seconds.

use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// Bytes of a message, the line end of TCP included.
const LENGTH: usize = 200;
/// Messages that differ.
const MESSAGES: usize = 8_192;
/// Messages of one write on a connection.
const AT_ONCE: usize = 64;
/// Between two looks at the clock where there is a rate.
const STEP: Duration = Duration::from_millis(1);

fn message(number: usize) -> Vec<u8> {
    let (day, host, program) = (1 + number % 28, number % 40, ["sshd", "cron", "postfix", "named"][number % 4]);
    let mut text = format!(
        "<{}>Nov {day:2} {:02}:{:02}:{:02} may-{host:04} {program}[{}]: request {number} from 10.{}.{}.{} for user{} ",
        32 + number % 24,
        number % 24,
        number % 60,
        number % 59,
        1_000 + number,
        number % 250,
        number / 7 % 250,
        number / 11 % 250,
        number % 97,
    );
    while text.len() < LENGTH - 1 {
        text.push(char::from(b'a' + u8::try_from((number + text.len()) % 26).unwrap_or_default()));
    }
    text.truncate(LENGTH - 1);
    text.push('\n');
    text.into_bytes()
}

/// Calls `send` for stretches of messages until the time is over; gives how many it sent.
fn paced(
    seconds: f64,
    rate: Option<f64>,
    mut send: impl FnMut(usize) -> std::io::Result<usize>,
) -> std::io::Result<u64> {
    let begin = Instant::now();
    let mut sent = 0_u64;
    while begin.elapsed().as_secs_f64() < seconds {
        let due = rate.map_or(AT_ONCE as f64, |rate| begin.elapsed().as_secs_f64() * rate - sent as f64);
        if due < 1.0 {
            std::thread::sleep(STEP);
            continue;
        }
        sent += send((due as usize).min(AT_ONCE))? as u64;
    }
    Ok(sent)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, address, seconds, rest @ ..] = arguments.as_slice() else {
        return Err("send_syslog tcp|udp ADDRESS SECONDS [MESSAGES A SECOND]".into());
    };
    let rate = rest.first().map(|rate| rate.parse()).transpose()?;
    let seconds: f64 = seconds.parse()?;
    let messages: Vec<Vec<u8>> = (0..MESSAGES).map(message).collect();
    let begin = Instant::now();
    let sent = if kind == "tcp" {
        let stretches: Vec<Vec<u8>> = messages.chunks(AT_ONCE).map(<[Vec<u8>]>::concat).collect();
        let mut stream = TcpStream::connect(address)?;
        let mut turn = stretches.iter().cycle();
        let sent = paced(seconds, rate, |most| {
            let stretch = turn.next().map_or(&[][..], Vec::as_slice);
            let bytes = stretch.get(..most * LENGTH).unwrap_or(stretch);
            stream.write_all(bytes)?;
            Ok(bytes.len() / LENGTH)
        })?;
        stream.shutdown(std::net::Shutdown::Write)?;
        sent
    } else {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(address)?;
        let mut turn = messages.iter().cycle();
        paced(seconds, rate, |most| {
            for _ in 0..most {
                let message = turn.next().map_or(&[][..], Vec::as_slice);
                socket.send(message.strip_suffix(b"\n").unwrap_or(message))?;
            }
            Ok(most)
        })?
    };
    println!("{{\"sent\":{sent},\"seconds\":{:.3}}}", begin.elapsed().as_secs_f64());
    Ok(())
}
