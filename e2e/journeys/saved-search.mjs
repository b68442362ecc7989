// A search is kept and shared; somebody of another agency opens it by its address and sees the own events alone; it
// runs by itself and its alert appears with the way back to what matched.
export const name = 'a search is saved, opened by another agency in its own scope, scheduled, and raises an alert';

const senders = (page) => page.locator('.search-rows td.whose').evaluateAll((cells) => [...new Set(cells.map((cell) => cell.textContent.trim()).filter(Boolean))]);

export default async function journey({ visitor, check, accessible }) {
  const officer = await visitor({ role: 'canbo.syt' });
  await officer.goto('/search?q=&range=24h');
  await officer.locator('a[href^="/saved-searches/new"]').click();
  await officer.locator('#name').fill('Mọi sự kiện của 24 giờ');
  await officer.locator('#description').fill('Thử lưu, chia sẻ và chạy theo lịch');
  await officer.locator('input[name=sharing][value=everyone]').check();
  await accessible(officer, 'form of a saved search');
  await officer.locator('form[action="/saved-searches"] button[type=submit]').click();
  await officer.waitForURL(/\/saved-searches\/[0-9a-f-]{36}$/);
  await accessible(officer, 'saved search without a schedule');
  const saved = new URL(officer.url()).pathname;
  const id = saved.split('/').pop();

  await officer.goto(`/search?saved=${id}`);
  check(officer.url().includes('range=24h'), `the address does not hold what was saved: ${officer.url()}`);
  await officer.locator('.search-rows tbody tr').first().waitFor();
  const own = await senders(officer);

  const other = await visitor({ role: 'canbo.sgddt' });
  await other.goto('/saved-searches');
  check((await other.locator(`a[href="${saved}"]`).count()) === 1, 'a shared search is not in the list of another agency');
  await accessible(other, 'list of saved searches');
  await other.goto(`/search?saved=${id}`);
  await other.locator('.search-rows tbody tr').first().waitFor();
  const theirs = await senders(other);
  check(theirs.length > 0 && !theirs.some((name) => own.includes(name)), `one agency sees the systems of the other: ${own} / ${theirs}`);
  await other.locator('details.act-reason summary', { hasText: 'Đã lưu' }).click();
  await other.locator(`.act-panel a[href="/search?saved=${id}"]`).waitFor();
  const refused = await other.request.get(`${saved}/edit`);
  check(refused.status() === 403, `another person's search may be changed: ${refused.status()}`);

  await officer.goto(saved);
  await officer.locator('#every_minutes').fill('1');
  await officer.locator('#severity').selectOption('low');
  await officer.locator(`form[action="${saved}/schedule"] button[type=submit]`).click();
  await officer.locator('.flash').first().waitFor();
  await accessible(officer, 'saved search with a schedule');

  // The alert appears by itself, a minute later.
  const alert = officer.locator('main tr[data-row] a[data-open]', { hasText: 'Mọi sự kiện của 24 giờ' }).first();
  for (let left = 60; left > 0 && (await alert.count()) === 0; left -= 1) {
    await officer.waitForTimeout(2500);
    await officer.goto(`/alerts?rule=saved-search:${id}&state=all&range=all`);
  }
  check((await alert.count()) > 0, 'no alert of the scheduled search');
  await alert.click();
  await officer.locator('#drawer.drawer-open').waitFor();
  check((await officer.locator(`#drawer a[href="${saved}"]`).count()) > 0, 'the alert does not lead to its search');
  await officer.locator('#drawer a.btn[href^="/search?q="]').click();
  await officer.locator('.search-rows tbody tr').first().waitFor();
  check((await senders(officer)).every((name) => own.includes(name)), 'the matches are not of the own agency');

  await other.goto(`/alerts?rule=saved-search:${id}&state=all&range=all`);
  check((await other.locator('main tr[data-row]').count()) === 0, 'the other agency sees the alert');
  await officer.goto(saved);
  await officer.locator(`form[action="${saved}/schedule/stop"] button`).click();
  await officer.locator('.flash').first().waitFor();
}
