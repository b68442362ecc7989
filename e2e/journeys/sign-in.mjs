// Sign-in by password without scripts: wrong words are told plainly, foreign posts are refused, signing out ends it.
export const name = 'sign-in says what is wrong, refuses a form without its proof, and ends when asked';

export default async function journey({ visitor, check, accessible, program }) {
  const guest = await visitor({ scripts: false });
  await guest.goto('/alerts');
  check(new URL(guest.url()).pathname === '/sign-in', 'a guest is not asked to sign in');
  await guest.locator('#account').fill('khong.co');
  await guest.locator('#password').fill('sai mật khẩu');
  await guest.locator('main form button[type=submit]').first().click();
  await guest.locator('.error-summary').waitFor();

  const open = await visitor();
  await open.goto('/sign-in');
  await accessible(open);

  const person = await visitor({ role: 'kiemtra' });
  const forged = await person.request.post(`${program.address}/inbox/read`, { form: { csrf: 'forged' }, maxRedirects: 0 });
  check(forged.status() === 403, `a form without its proof answers ${forged.status()}`);

  await person.locator('.top-person > summary').click();
  await person.locator('form[action="/sign-out"] button').click();
  await person.waitForURL(/\/sign-in/);
  await person.goto('/alerts');
  check(new URL(person.url()).pathname === '/sign-in', 'the session outlived signing out');
}
