// The main job, end to end: an alert appears by itself, is escalated, the clock runs, the first notice is written,
// approved by another person, downloaded as DOCX, sent and receipted.
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';

export const name = 'an alert appears by itself, becomes an incident, and its first notice is approved and sent';

export default async function journey({ visitor, check, accessible }) {
  const watch = await visitor({ role: 'trucban' });
  await watch.goto('/alerts?each=1');
  await accessible(watch);

  // No reload: the mark on the window must outlive the arrival of the alert.
  await watch.evaluate(() => (window.notReloaded = true));
  await watch.locator('#alert-rows tr[data-row], [data-live-show]:visible').first().waitFor({ timeout: 120_000 });
  const waiting = watch.locator('[data-live-show]:visible');
  if ((await waiting.count()) > 0 && (await watch.locator('#alert-rows tr[data-row]').count()) === 0) await waiting.click();
  await watch.locator('#alert-rows tr[data-row]').first().waitFor();
  check(await watch.evaluate(() => window.notReloaded === true), 'the page was loaded again');

  await watch.keyboard.press('j');
  await watch.keyboard.press('Enter');
  await watch.locator('#drawer.drawer-open').waitFor();
  check(watch.url().includes('open='), 'the open alert is not in the address');
  check((await watch.locator('#drawer pre.record').count()) > 0, 'the record is not shown');
  await accessible(watch, 'alerts with an open alert');

  await watch.keyboard.press('e');
  await watch.waitForURL((url) => !url.search.includes('open=') || url.pathname.startsWith('/incidents'));
  const link = watch.locator('main a[href^="/incidents/"]').first();
  const incident = watch.url().includes('/incidents/') ? new URL(watch.url()).pathname : await link.getAttribute('href');
  check(/^\/incidents\//.test(incident ?? ''), `no way from the alert to its incident at ${watch.url()}`);

  const responder = await visitor({ role: 'ungcuu' });
  await responder.goto(incident);
  await responder.locator('.clock-bar').waitFor();
  await accessible(responder, 'incident');
  check((await responder.locator('.clock-duty').count()) > 0, 'no duty runs');
  check((await responder.locator('time[data-until]').count()) > 0, 'no deadline is shown');

  await responder.goto(`${incident}?tab=documents`);
  const drafting = responder.locator('form[action$="/notices"]').first();
  await drafting.locator('select[name=form]').selectOption('first-notice');
  await drafting.locator('button[type=submit]').click();
  await responder.waitForURL(/\/notices\//);
  await accessible(responder, 'notice');
  const notice = new URL(responder.url()).pathname;
  const form = responder.locator(`form[action="${notice}"]`);
  check((await form.locator('.field-source').count()) > 0, 'nothing was pre-filled from what the system knows');
  // What the system could not know is written by hand; the fields of the letterhead are among it.
  for (const field of await form.locator('input[type=text]:visible, textarea:visible').all()) {
    if ((await field.inputValue()) === '') await field.fill('Đang xác minh tại Sở Y tế, Đắk Lắk');
  }
  const edited = form.locator('textarea:visible').first();
  await edited.fill('Phát hiện tệp lạ trên cổng thông tin; đã cô lập máy chủ, Nguyễn Thị Ỷ Ẫn báo cáo.');
  const boxes = form.locator('#recipients input[type=checkbox]');
  if ((await boxes.count()) > 0 && (await form.locator('#recipients input:checked').count()) === 0) await boxes.first().check();
  await form.locator('button[name=then][value=submit]').click();
  await responder.waitForLoadState();
  check((await responder.locator('.error-summary').count()) === 0, `not submitted: ${await responder.locator('.error-summary a').evaluateAll((links) => links.map((link) => `${link.hash} ${link.textContent}`))}`);

  // The head of the centre reads it; the head of the agency that reports approves and signs.
  const above = await visitor({ role: 'lanhdao' });
  await above.goto(notice);
  check((await above.locator('form[action$="/approve"]').count()) === 0, 'the head of another agency is asked to approve');
  const head = await visitor({ role: 'lanhdao.syt' });
  await head.goto(notice);
  await accessible(head, 'notice before approval');
  await head.locator('form[action$="/approve"] button[type=submit]').click();
  await head.waitForLoadState();

  await responder.goto(notice);
  const [download] = await Promise.all([
    responder.waitForEvent('download'),
    responder.locator('a[href$="/document.docx"]').first().click(),
  ]);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'luytre-docx-'));
  const file = path.join(folder, 'notice.docx');
  await download.saveAs(file);
  check(fs.readFileSync(file).subarray(0, 2).toString() === 'PK', 'the document is no DOCX');
  check(fs.statSync(file).size > 4000, 'the document is empty');
  toPdf(file, folder, check);
  fs.rmSync(folder, { recursive: true, force: true });

  const sending = responder.locator('form[action$="/sent"]');
  await sending.locator('select[name=channel]').selectOption({ index: 1 });
  await sending.locator('button[type=submit]').click();
  const receipt = responder.locator('form[action$="/receipt"]');
  await receipt.locator('input[name=reference]').fill('BN-2026-0042');
  await receipt.locator('button[type=submit]').click();
  await responder.waitForLoadState();
  await responder.goto(incident);
  check(
    (await responder.locator('.clock-flag-sent, .clock-flag-sent-late').count()) > 0,
    'the clock does not show the duty as sent',
  );
}

/** LibreOffice reads the document where it is installed; its text must hold the letterhead of the state. */
function toPdf(file, folder, check) {
  const office = ['/usr/bin/soffice', '/usr/bin/libreoffice'].find((one) => fs.existsSync(one));
  if (!office) {
    check(process.env.CI !== 'true', 'LibreOffice is not installed');
    console.log('     LibreOffice is not installed: the document was not converted');
    return;
  }
  execFileSync(office, ['--headless', '--convert-to', 'pdf', '--outdir', folder, file], { stdio: 'ignore', timeout: 120_000, env: { ...process.env, HOME: folder } });
  check(fs.existsSync(path.join(folder, 'notice.pdf')), 'LibreOffice could not read the document');
}
