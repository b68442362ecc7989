// An authenticator app without scripts: the key of the page gives the codes, each counts once, a recovery code helps.
import { createHmac } from 'node:crypto';

export const name = 'an authenticator app is added and asked for, and a recovery code stands in for it';

function bytes(base32) {
  const bits = [...base32].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'));
  return Buffer.from(bits.join('').match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

function codeOf(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac('sha1', bytes(secret)).update(counter).digest();
  const number = hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

const step = () => Math.floor(Date.now() / 30_000);

export default async function journey({ program, visitor, check, accessible }) {
  const link = program.links.find((one) => one.role === 'partner');
  const page = await visitor({ scripts: false });
  const press = (words) => page.locator('main').getByRole('button', { name: words }).first().click();
  const password = async (someone) => {
    await someone.goto('/sign-in?to=/me/second-factors');
    await someone.locator('#account').fill(link.account);
    await someone.locator('#password').fill(link.password);
    await someone.locator('main').getByRole('button', { name: /^Đăng nhập$/ }).click();
  };
  await password(page);
  await press('Thêm ứng dụng xác thực');
  const secret = (await page.locator('code.secret').innerText()).replaceAll(' ', '');
  check((await page.locator('svg.qr path').count()) === 1, 'there is no QR code');
  await page.locator('#code').fill('000000');
  await press('Kiểm tra và bật');
  await page.locator('.error-summary').waitFor();
  check((await page.locator('code.secret').innerText()).replaceAll(' ', '') === secret, 'a wrong code changed the key');
  const first = step();
  await page.locator('#code').fill(codeOf(secret, first));
  await press('Kiểm tra và bật');
  await page.locator('.recovery-codes').waitFor();
  const codes = await page.locator('.recovery-codes li').allInnerTexts();
  check(codes.length === 10, `${codes.length} recovery codes`);

  const other = await visitor();
  await password(other);
  await other.waitForURL(/\/sign-in\/second/);
  await accessible(other);
  const give = async (code) => {
    await other.locator('#code').fill(code);
    await other.locator('main').getByRole('button', { name: /^Đăng nhập$/ }).click();
  };
  await give(codeOf(secret, first));
  await other.locator('.error-summary').waitFor();
  // One step ahead is accepted; the step of the first code is used up.
  await give(codeOf(secret, Math.max(step(), first + 1)));
  await other.waitForURL(/\/me\/second-factors/);
  check((await other.locator('main').innerText()).includes('Còn 10 mã'), 'a recovery code is gone');

  const third = await visitor();
  await password(third);
  await third.locator('#code').fill(codes[0]);
  await third.locator('main').getByRole('button', { name: /^Đăng nhập$/ }).click();
  await third.waitForURL(/\/me\/second-factors/);
  check((await third.locator('main').innerText()).includes('Còn 9 mã'), 'the recovery code still counts');
}
