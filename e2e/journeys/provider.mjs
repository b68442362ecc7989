// An account elsewhere: a real provider (the npm package oidc-provider) with its own page of signing in sends people back
// with signed tokens. The first sign-in links the account, the next one knows it, and nobody comes in by another name.
import { once } from 'node:events';
import { freePort, startProgram } from '../harness/program.mjs';

export const name = 'an account elsewhere signs in through a real provider';

const SECRET = 'a secret: of this journey alone';

async function startProvider(port, site, groups) {
  const { default: Provider } = await import('oidc-provider');
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [
      {
        client_id: 'luytre',
        client_secret: SECRET,
        grant_types: ['authorization_code'],
        response_types: ['code'],
        redirect_uris: [`${site}/sign-in/provider/tinh/return`],
      },
    ],
    claims: { openid: ['sub', 'groups'], profile: ['preferred_username'], email: ['email', 'email_verified'] },
    // Most providers put claims into the token; this one would leave them to another question.
    conformIdTokenClaims: false,
    cookies: { keys: ['of this journey alone'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, preferred_username: id, groups: groups[id] ?? [] }),
    }),
    pkce: { required: () => true },
  });
  const server = provider.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export default async function journey({ browser, visitor, check, accessible }) {
  const port = await freePort();
  const program = await startProgram([], {
    LUYTRE_SIGN_IN__PROVIDERS__TINH__TITLE: 'Cổng Tỉnh',
    LUYTRE_SIGN_IN__PROVIDERS__TINH__ISSUER: `http://127.0.0.1:${port}`,
    LUYTRE_SIGN_IN__PROVIDERS__TINH__CLIENT_ID: 'luytre',
    LUYTRE_SIGN_IN__PROVIDERS__TINH__CLIENT_SECRET: SECRET,
    LUYTRE_SIGN_IN__PROVIDERS__TINH__LINKING: 'first-sign-in',
    LUYTRE_SIGN_IN__PROVIDERS__TINH__ROLES: '[{group="tai-chinh",role="finance"}]',
  });
  // The address of pages on this machine; the provider stands at 127.0.0.1, which is another site for the browser.
  const site = program.address.replace('127.0.0.1', 'localhost');
  const account = (role) => program.links.find((one) => one.role === role).account;
  const officer = account('officer');
  let server = null;
  try {
    const away = async (page) => {
      await page.goto(`${site}/sign-in?to=/me`);
      await page.getByRole('link', { name: 'Đăng nhập bằng Cổng Tỉnh' }).click();
    };
    const signIn = async (page, login) => {
      await away(page);
      await page.locator('input[name="login"]').fill(login);
      await page.locator('input[name="password"]').fill('anything');
      await page.getByRole('button', { name: 'Sign-in' }).click();
      // Whether the provider may tell us who it is.
      await page.getByRole('button', { name: 'Continue' }).click();
    };

    // Nobody answers there yet.
    const early = await visitor();
    const faults = early.faults;
    await away(early);
    await early.locator('.error-summary').waitFor();
    check((await early.locator('.error-summary').innerText()).includes('chưa trả lời'), 'a silent provider is not told of');
    await accessible(early);
    // The answer 503 is what was wanted here.
    faults.splice(0, faults.length, ...faults.filter((fault) => !fault.startsWith('server: 503')));

    server = await startProvider(port, site, { [officer]: ['tai-chinh'] });
    const page = await visitor();
    await page.goto(`${site}/sign-in?to=/me`);
    await accessible(page);
    await signIn(page, officer);
    await page.waitForURL(`${site}/me`);
    const text = await page.locator('main').innerText();
    check(text.includes(officer), 'somebody else is signed in');
    check(text.includes('Tài khoản ở nơi khác'), 'the session does not say where it came from');
    check(text.includes('Tài chính'), 'the group there gave no role here');

    // Signing out here ends our session; the provider still knows the browser and asks nothing more.
    await page.locator('.top-person > summary').click();
    await page.locator('form[action="/sign-out"] button').click();
    await page.waitForURL((url) => url.pathname === '/sign-in');
    await away(page);
    await page.waitForURL(`${site}/me`);

    for (const login of [account('administrator'), 'khong.co']) {
      const stranger = await visitor();
      await signIn(stranger, login);
      await stranger.locator('.error-summary').waitFor();
      check((await stranger.locator('.error-summary').innerText()).includes(login), 'what to tell the administrator is not shown');
      await accessible(stranger);
      await stranger.goto(`${site}/me`);
      check(new URL(stranger.url()).pathname === '/sign-in', `${login} is in`);
    }
  } finally {
    // Pages that are still open would ask a program that is gone.
    await Promise.all(browser.contexts().map((context) => context.close()));
    server?.closeAllConnections();
    server?.close();
    await program.stop();
  }
}
