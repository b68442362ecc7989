// Every page in every width, theme and language and in print: images, a contact sheet, axe, violations of the
// policy, width on a phone, weight. `node shots.mjs [part of an address …]`; images go to target/shots.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, findings, isSerious } from './harness/axe.mjs';
import { newVisitor, signIn, startBrowser } from './harness/browser.mjs';
import { crawl } from './harness/crawl.mjs';
import { startProgram } from './harness/program.mjs';
import { happen } from './harness/happen.mjs';

// Nobody sees every page: each kind is looked at as the first of these who reaches it.
const ROLES = (process.env.SHOTS_ROLES ?? 'responder administrator officer').split(' ');
const PATIENCE_MS = 30_000;
const WEIGHT_LIMIT = 300 * 1024;
const STATES = [];
for (const theme of ['light', 'dark']) {
  for (const lang of ['vi', 'en']) {
    for (const width of [1440, 1280, 320]) STATES.push({ theme, lang, width, media: 'screen' });
  }
}
for (const lang of ['vi', 'en']) STATES.push({ theme: 'light', lang, width: 794, media: 'print' });
// Two states far apart find most faults in a fraction of the time.
if (process.env.SHOTS_QUICK) STATES.splice(0, STATES.length, { theme: 'light', lang: 'vi', width: 1440, media: 'screen' }, { theme: 'dark', lang: 'en', width: 320, media: 'screen' });

const wanted = process.argv.slice(2);
const out = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'target', 'shots');
fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });

const program = await startProgram();
const browser = await startBrowser();
let passed = 0;
const failures = [];
const shots = [];

/** Pages by kind with the role to see them as; open ones have none. */
async function pages() {
  const open = ['/sign-in'].map((kind) => [kind, { address: kind, role: null }]);
  const kinds = new Map(open);
  if (program.links.length > 0) {
    await happen(browser, program);
    for (const role of ROLES) {
      const page = await newVisitor(browser, program);
      await signIn(page, program, role);
      const { kinds: found, broken } = await crawl(page);
      for (const [kind, address] of found) if (!kinds.has(kind)) kinds.set(kind, { address, role });
      for (const one of broken) failures.push(`broken link for ${role}: ${one}`);
      await page.context().close();
    }
    kinds.set('/gallery', { address: '/gallery', role: ROLES[0] });
    kinds.set('/nothing-here', { address: '/nothing-here', role: ROLES[0] });
  }
  return [...kinds].filter(([kind]) => wanted.length === 0 || wanted.some((part) => kind.includes(part)));
}

async function look(page, kind, address, state) {
  const words = `${kind} ${state.media === 'print' ? 'print' : `${state.width} ${state.theme}`} ${state.lang}`;
  const problems = [];
  page.faults.length = 0;
  await page.goto(address, { waitUntil: 'load' });
  await page.waitForFunction(() => [...document.querySelectorAll('[data-chart]')].every((chart) => chart.querySelector('canvas')));
  await page.waitForFunction(() => !document.querySelector('[data-counting]:not([data-ended])'));
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(() => window.scrollTo(0, 0));
  if (state.media === 'print') await page.emulateMedia({ media: 'print' });
  const file = `${words.replace(/^\//, 'start').replaceAll(/[^\w.-]+/g, '_')}.png`;
  await page.screenshot({ path: path.join(out, file), fullPage: true });
  shots.push({ kind, words, file });
  if (state.media !== 'print') {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) problems.push(`${over} px wider than ${state.width}`);
    if (state.width !== 1280 && (state.width === 1440 || state.theme === 'light' || process.env.SHOTS_QUICK)) {
      problems.push(...(await findings(page)).filter(isSerious).map(describe));
    }
    const weight = await page.evaluate(() =>
      [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]
        .filter((entry) => !entry.name.includes('.woff2'))
        .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
    );
    if (weight > WEIGHT_LIMIT) problems.push(`weighs ${Math.round(weight / 1024)} KiB without fonts`);
  }
  problems.push(...page.faults);
  if (problems.length === 0) passed += 1;
  else failures.push(`${words}\n    ${problems.join('\n    ')}`);
}

const all = await pages();
for (const state of STATES) {
  for (const role of [null, ...ROLES]) {
    const some = all.filter(([, one]) => one.role === role);
    if (some.length === 0) continue;
    const page = await newVisitor(browser, program, state);
    page.setDefaultTimeout(PATIENCE_MS);
    if (role) await signIn(page, program, role);
    for (const [kind, { address }] of some) {
      if (state.media === 'print') await page.emulateMedia({ media: 'screen' });
      try {
        await look(page, kind, address, state);
      } catch (error) {
        failures.push(`${kind} ${JSON.stringify(state)}: ${error.message}`);
      }
    }
    await page.context().close();
  }
}

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const sheet = all
  .map(([kind]) => {
    const cells = shots.filter((shot) => shot.kind === kind).map((shot) => `<figure><a href="${shot.file}"><img src="${shot.file}" loading="lazy"></a><figcaption>${escape(shot.words)}</figcaption></figure>`);
    return `<h2>${escape(kind)}</h2><div>${cells.join('')}</div>`;
  })
  .join('\n');
fs.writeFileSync(
  path.join(out, 'index.html'),
  `<!doctype html><meta charset="utf-8"><title>Contact sheet</title><style>body{font:13px sans-serif;background:#888}div{display:flex;flex-wrap:wrap;gap:10px}figure{margin:0;background:#fff;padding:4px}img{width:240px;max-height:340px;object-fit:cover;object-position:top}</style>\n${sheet}\n`,
);
await browser.close();
await program.stop();
for (const failure of failures) console.log(`FAIL ${failure}`);
console.log(`${all.length} kinds of page, ${shots.length} images in target/shots`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
