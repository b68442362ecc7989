// A passkey in Chromium's own virtual authenticator: made, used in place of account and password, used after the
// password, used to confirm, and removed.
export const name = 'a passkey signs in, comes after the password, confirms, and can be taken away';

async function authenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const verified = (isUserVerified) => session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  return { verified };
}

export default async function journey({ program, visitor, check, accessible }) {
  // Passkeys belong to a name; the address 127.0.0.1 has none.
  const site = program.address.replace('127.0.0.1', 'localhost');
  const link = program.links.find((one) => one.role === 'finance');
  const page = await visitor();
  const device = await authenticator(page);
  const at = (path) => page.waitForURL((url) => url.pathname === path);
  const press = (words) => page.locator('main').getByRole('button', { name: words }).first().click();
  const password = async () => {
    await page.goto(`${site}/sign-in?to=/me/second-factors`);
    await page.locator('#account').fill(link.account);
    await page.locator('#password').fill(link.password);
    await press(/^Đăng nhập$/);
  };
  const signOut = async () => {
    await page.locator('.top-person > summary').click();
    await page.locator('form[action="/sign-out"] button').click();
    await at('/sign-in');
  };

  await password();
  await at('/me/second-factors');
  await accessible(page);
  await press('Thêm khóa truy cập');
  await page.locator('#name').fill('Máy tính phòng trực');
  await accessible(page);
  await press('Thêm khóa truy cập');
  await page.locator('.recovery-codes li').first().waitFor();
  check((await page.locator('.recovery-codes li').count()) === 10, 'not ten recovery codes');
  check((await page.locator('table.data').innerText()).includes('Máy tính phòng trực'), 'the passkey is not listed');
  await accessible(page);
  await signOut();

  await page.goto(`${site}/sign-in?to=/me`);
  await accessible(page);
  await press('Dùng khóa truy cập');
  await at('/me');
  check((await page.locator('main').innerText()).includes(link.account), 'somebody else is signed in');
  await signOut();

  await password();
  await at('/sign-in/second');
  await accessible(page);
  await device.verified(false);
  await press('Dùng khóa truy cập');
  await page.locator('[data-passkey-failed]:visible').waitFor();
  await accessible(page);
  await device.verified(true);
  await press('Dùng khóa truy cập');
  await at('/me/second-factors');

  await page.goto(`${site}/confirm?to=/me/second-factors`);
  await accessible(page);
  await press('Dùng khóa truy cập');
  await at('/me/second-factors');
  await press('Gỡ');
  await at('/me/second-factors');
  check((await page.locator('table.data').count()) === 0, 'the passkey is still listed');
  await signOut();
  await password();
  await at('/me/second-factors');
}
