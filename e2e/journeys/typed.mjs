// A session ends while a form is half filled: sign in again, and it stands there as it was, not sent.
export const name = 'what was typed survives a session that ends, and is sent by nobody but the person';

const ACCOUNT = 'ungcuu';

export default async function journey({ visitor, check, program }) {
  const page = await visitor({ role: ACCOUNT });
  const link = program.links.find((one) => one.account === ACCOUNT);
  const fillForm = async () => {
    await page.goto('/incidents/new');
    await page.locator('#title').fill('Máy chủ ngừng trả lời');
    await page.locator('#description').fill('Dòng một\nDòng hai');
    await page.locator('#agency_id').selectOption({ index: 3 });
  };
  const sent = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && new URL(request.url()).pathname === '/incidents') sent.push(request);
  });
  const comeBack = async (account = link.account, password = link.password) => {
    await page.waitForURL(/\/sign-in/);
    await page.locator('#account').fill(account);
    await page.locator('#password').fill(password);
    await page.locator('main form button[type=submit]').first().click();
    await page.waitForURL((url) => url.pathname !== '/sign-in');
  };
  const endSession = () => page.context().clearCookies({ name: 'luytre' });

  await fillForm();
  const agency = await page.locator('#agency_id').inputValue();
  await endSession();
  await page.locator('main form button[type=submit]').click();
  await comeBack();
  check(new URL(page.url()).pathname === '/incidents/new', `came back to ${page.url()}`);
  check((await page.locator('#title').inputValue()) === 'Máy chủ ngừng trả lời', 'the title is lost');
  check((await page.locator('#description').inputValue()) === 'Dòng một\nDòng hai', 'the description is lost');
  check((await page.locator('#agency_id').inputValue()) === agency, 'the choice is lost');
  await page.locator('[data-typed]').waitFor();
  check(sent.length === 1, 'the form was sent by itself');
  check(!(await page.evaluate(() => JSON.stringify(sessionStorage))).includes(link.password), 'a password was kept');

  // Sent by the person, it arrives, and nothing is kept of it.
  await page.locator('main form button[type=submit]').click();
  await page.waitForURL((url) => /^\/incidents\/[^/]+$/.test(url.pathname) && url.pathname !== '/incidents/new');
  await page.goto('/incidents/new');
  check((await page.locator('#title').inputValue()) === '', 'an old text came back');

  // The next person at the same tab sees nothing of it.
  await fillForm();
  await endSession();
  await page.locator('main form button[type=submit]').click();
  const other = program.links.find((one) => one.role === 'officer');
  await comeBack(other.account, other.password);
  await page.goto('/incidents/new');
  check((await page.locator('#title').inputValue()) === '', 'one person was shown what another typed');
}
