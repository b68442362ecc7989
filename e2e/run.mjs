// Runs the journeys: `node run.mjs [part of a name …]`. Each file in journeys/ exports `name`, optionally `needs`
// ("gallery" for journeys that need no sign-in) and `default async ({ program, browser, visitor, signIn, check })`.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { newVisitor, signIn, startBrowser } from './harness/browser.mjs';
import { describe, findings, isSerious } from './harness/axe.mjs';
import { startProgram } from './harness/program.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const kept = path.join(here, '..', 'target', 'e2e');
fs.mkdirSync(kept, { recursive: true });

const files = fs
  .readdirSync(path.join(here, 'journeys'))
  .filter((file) => file.endsWith('.mjs') && (wanted.length === 0 || wanted.some((part) => file.includes(part))))
  .sort();

const program = await startProgram();
const browser = await startBrowser();
let passed = 0;
let failed = 0;

function check(condition, words) {
  if (!condition) throw new Error(words);
}

for (const file of files) {
  const { name, default: journey } = await import(path.join(here, 'journeys', file));
  const pages = [];
  const visitor = async (options = {}) => {
    const page = await newVisitor(browser, program, options);
    page.setDefaultTimeout(Number(process.env.E2E_TIMEOUT_MS ?? 60_000));
    pages.push(page);
    if (options.role) await signIn(page, program, options.role);
    return page;
  };
  /** Serious findings of axe on the page as it stands. */
  const accessible = async (page, where = page.url()) => {
    const serious = (await findings(page)).filter(isSerious);
    check(serious.length === 0, `${where}\n    ${serious.map(describe).join('\n    ')}`);
  };
  const started = Date.now();
  try {
    await journey({ program, browser, visitor, signIn: (page, role) => signIn(page, program, role), check, accessible });
    const faults = pages.flatMap((page) => page.faults);
    check(faults.length === 0, `faults in the browser:\n    ${faults.join('\n    ')}`);
    passed += 1;
    console.log(`ok   ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}\n  ${error.stack ?? error}`);
    for (const [index, page] of pages.entries()) {
      await page.screenshot({ path: path.join(kept, `${path.parse(file).name}-${index}.png`) }).catch(() => {});
    }
  }
  for (const page of pages) await page.context().close();
}

await browser.close();
await program.stop();
if (files.length === 0) {
  console.log('no journey matches');
  failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
