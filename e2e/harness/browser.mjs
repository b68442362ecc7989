// Chromium with pages that count what must not happen: violations of the content-security policy, script errors,
// failed requests.
import fs from 'node:fs';
import { chromium } from 'playwright-core';

const CANDIDATES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export async function startBrowser() {
  const executablePath = CANDIDATES.find((path) => path && fs.existsSync(path));
  if (!executablePath) throw new Error('no Chromium found; install the Debian package chromium or set CHROMIUM');
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A new visitor: own cookies; `page.faults` gathers what must not happen. */
export async function newVisitor(browser, program, { lang = 'vi', theme = 'light', width = 1440, height = 900, scripts = true } = {}) {
  const context = await browser.newContext({
    baseURL: program.address,
    viewport: { width, height },
    locale: lang === 'vi' ? 'vi-VN' : 'en-GB',
    timezoneId: 'Asia/Ho_Chi_Minh',
    javaScriptEnabled: scripts,
    reducedMotion: 'reduce',
    acceptDownloads: true,
  });
  const url = program.address;
  await context.addCookies([
    { name: 'lang', value: lang, url },
    { name: 'theme', value: theme, url },
  ]);
  const page = await context.newPage();
  watch(page);
  return page;
}

function watch(page) {
  page.faults = [];
  page.on('console', (message) => {
    const text = message.text();
    if (/Content[- ]Security[- ]Policy|Refused to/i.test(text)) page.faults.push(`policy: ${text}`);
    else if (message.type() === 'error' && !/Failed to load resource/.test(text)) page.faults.push(`console: ${text}`);
  });
  page.on('pageerror', (error) => page.faults.push(`script: ${error.message}`));
  page.on('response', (response) => {
    const path = new URL(response.url()).pathname;
    if (response.status() >= 500) page.faults.push(`server: ${response.status()} ${path}`);
    if (response.status() >= 400 && path.startsWith('/assets/')) page.faults.push(`missing: ${path}`);
  });
}

// A server that stays up between runs (`LUYTRE_ADDRESS`) gives each link once: its sessions are kept in a file.
const kept = process.env.LUYTRE_SESSIONS;
const sessions = new Map(kept && fs.existsSync(kept) ? JSON.parse(fs.readFileSync(kept, 'utf8')) : []);

/** Signs in: by the role's one-time link the first time, with the session kept from then on. */
export async function signIn(page, program, role) {
  const context = page.context();
  if (sessions.has(role)) {
    await context.addCookies(sessions.get(role));
    await page.goto('/');
    await page.locator('.top-person').waitFor({ state: 'attached' });
    return;
  }
  const link = new URL(program.signInLink(role), program.address);
  await page.goto(link.pathname + link.search);
  const confirm = page.locator('main form button[type=submit]');
  if ((await page.locator('.top-person').count()) === 0 && (await confirm.count()) > 0) await confirm.first().click();
  await page.locator('.top-person').waitFor({ state: 'attached' });
  const cookies = (await context.cookies()).filter((cookie) => cookie.name !== 'lang' && cookie.name !== 'theme');
  sessions.set(role, cookies);
  if (kept) fs.writeFileSync(kept, JSON.stringify([...sessions]));
}
