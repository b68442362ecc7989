// An officer connects a source, sees it turn green with its first record, stops the sender, is told of the silence once, and
// finds the gap in the coverage of the day to the minute; the sender's return ends the silence.
import net from 'node:net';

export const name = 'a source is connected, turns green, falls silent, and the day says so to the minute';

const HOST = 'may-thu-ket-noi';

/** Sends a line of syslog as a host would. */
function send(door, words) {
  const [host, port] = [door.slice(0, door.lastIndexOf(':')), Number(door.slice(door.lastIndexOf(':') + 1))];
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host, () => {
      socket.end(`<86>1 ${new Date().toISOString()} ${HOST} sshd 77 - - ${words}\n`);
    });
    socket.on('close', resolve);
    socket.on('error', reject);
  });
}

/** Asks again until something is there. */
async function until(page, what, seconds, ask) {
  for (let left = seconds; left > 0; left -= 1) {
    if (await ask()) return;
    await page.waitForTimeout(1000);
  }
  throw new Error(`${what} did not come true in ${seconds} s`);
}

export default async function journey({ program, visitor, check, accessible }) {
  const door = /syslog_tcp ([^,\s]+)/.exec(program.doors)[1];
  const officer = await visitor({ role: 'canbo.syt' });
  await officer.goto('/systems/new');
  await officer.locator('#code').fill('THU-KET-NOI');
  await officer.locator('#name').fill('Hệ thống thử kết nối nguồn');
  await officer.locator('#agency_id').selectOption({ index: 1 });
  await officer.locator('#level').selectOption('3');
  await officer.locator('#state').selectOption('operating');
  await officer.locator('form[action="/systems"] button[type=submit]').click();
  await officer.waitForURL(/\/systems\/[0-9a-f-]{36}$/);
  const system = new URL(officer.url()).pathname.split('/').pop();

  await officer.goto('/coverage/unwatched');
  check((await officer.locator('main', { hasText: 'Hệ thống thử kết nối nguồn' }).count()) > 0, 'a new system of level 3 is not in the list of who is not watched');

  await officer.goto('/sources/connect');
  await accessible(officer, 'list of senders');
  await officer.locator('main a', { hasText: 'rsyslog (TCP)' }).click();
  await officer.waitForURL(/\/sources\/connect\/rsyslog-tcp$/);
  await officer.locator('form[action="/sources/connect/rsyslog-tcp"] button[type=submit]').waitFor();
  await accessible(officer, 'form of a source to connect');
  await officer.locator('#system_id').selectOption(system);
  await officer.locator('#name').fill('Máy thử kết nối');
  const submit = officer.locator('form[action="/sources/connect/rsyslog-tcp"] button[type=submit]');
  await submit.click();
  await officer.locator('.error-summary, .field-error').first().waitFor();
  await officer.locator('#match_host').fill(HOST);
  await submit.click();
  await officer.waitForURL(/\/sources\/[0-9a-f-]{36}\/connect\/rsyslog-tcp$/);
  const source = new URL(officer.url()).pathname.split('/')[2];
  const lines = await officer.locator('pre.record').textContent();
  const port = door.split(':').pop();
  check(lines.includes(`port="${port}"`), `the lines do not name the door: ${lines}`);
  check((await officer.locator('#heard .flash-done').count()) === 0, 'green before anything came');
  await accessible(officer, 'lines of a source');

  // A minute of silence is too long for this source.
  const watcher = await officer.context().newPage();
  await watcher.goto(`/sources/${source}/edit`);
  await watcher.locator('#max_silence_minutes').fill('1');
  await watcher.locator(`form[action="/sources/${source}"] button[type=submit]`).first().click();
  await watcher.waitForURL(new RegExp(`/sources/${source}$`));

  // The page turns by itself.
  await send(door, 'Accepted password for anna from 192.0.2.7 port 4711 ssh2');
  await officer.locator('#heard .flash-done').waitFor({ timeout: 60_000 });
  check((await officer.locator('#heard').textContent()).includes('anna'), 'the first record is not shown');
  await accessible(officer, 'a source that was heard');

  // Nothing more comes.
  const open = watcher.locator('main tr[data-row]', { hasText: 'Máy thử kết nối' });
  await until(watcher, 'an alert of silence', 240, async () => {
    await watcher.goto('/alerts?state=all&range=all&q=' + encodeURIComponent('Máy thử kết nối'));
    return (await open.count()) > 0;
  });
  check((await open.count()) === 1, `the silence is told ${await open.count()} times`);
  await watcher.goto(`/sources/${source}`);
  check((await watcher.locator('main').textContent()).includes('im lặng') || (await watcher.locator('main').textContent()).includes('Im lặng'), 'the page of the source does not say that it is silent');

  // The day of its system knows the gap by the minute.
  const gap = watcher.locator('section[aria-labelledby="coverage-gaps"] tbody tr').last();
  await until(watcher, 'a gap of a whole minute', 180, async () => {
    await watcher.goto(`/coverage/${system}`);
    return (await gap.count()) > 0;
  });
  await accessible(watcher, 'day of a system');
  const minutes = Number((await gap.locator('td').nth(1).textContent()).replace(/\D/g, ''));
  check(minutes >= 1 && minutes < 15, `the gap is of ${minutes} minutes`);

  // Its return ends the silence.
  await send(door, 'Accepted password for bao from 192.0.2.7 port 4712 ssh2');
  await until(watcher, 'the end of the silence', 60, async () => {
    await watcher.goto(`/sources/${source}`);
    return (await watcher.locator('main .tag-bad').count()) === 0;
  });
}
