// Makes something happen in a fresh demonstration, so that every kind of page has something to show: the first alert
// becomes an incident with a drafted notice.
import { newVisitor, signIn } from './browser.mjs';

export async function happen(browser, program) {
  const watch = await newVisitor(browser, program);
  await signIn(watch, program, 'analyst');
  const alert = watch.locator('#alert-rows tr[data-row] a[data-open]').first();
  for (let left = 60; left > 0; left -= 1) {
    await watch.goto('/alerts?each=1');
    if ((await alert.count()) > 0) break;
    await watch.waitForTimeout(1000);
  }
  await alert.click();
  await watch.locator('#drawer [data-act=escalate]').click();
  const link = watch.locator('main a[href^="/incidents/"]').first();
  await link.waitFor();
  const incident = await link.getAttribute('href');
  await watch.context().close();

  const responder = await newVisitor(browser, program);
  await signIn(responder, program, 'responder');
  await responder.goto(`${incident}?tab=documents`);
  const drafting = responder.locator('form[action$="/notices"]').first();
  await drafting.locator('select[name=form]').selectOption('first-notice');
  await drafting.locator('button[type=submit]').click();
  await responder.waitForURL(/\/notices\//);
  await responder.context().close();
}
