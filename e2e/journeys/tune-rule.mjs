// A noisy rule is tuned from one of its alerts: what the exception would have left out and what tomorrow then brings is
// shown before anything is saved; afterwards the rule says what was decided, and an event says why it fired.
export const name = 'an analyst tunes a noisy rule from the alert and sees what to expect tomorrow before saving';

export default async function journey({ visitor, check, accessible }) {
  const analyst = await visitor({ role: 'trucban' });
  await analyst.goto('/alerts?state=new&range=all&sort=-count&each=1');
  await analyst.locator('#alert-rows tr[data-row] a[data-open]').first().waitFor({ timeout: 120_000 });
  const rows = await analyst.locator('#alert-rows tr[data-row]').evaluateAll((found) => found.map((row) => row.dataset.row));
  const except = analyst.locator('#drawer a[href*="/exceptions/new?alert="]');
  // What a saved search raised has no rule to tune.
  for (const row of rows.slice(0, 20)) {
    await analyst.goto(`/alerts?state=new&range=all&sort=-count&each=1&open=${row}`);
    await analyst.locator('#drawer.drawer-open').waitFor();
    if ((await except.count()) === 1) break;
  }
  check((await except.count()) === 1, 'no alert offers an exception');
  await except.click();
  await analyst.waitForURL(/\/exceptions\/new/);
  const rule = new URL(analyst.url()).pathname.split('/')[2];
  await accessible(analyst, 'form of an exception');
  check((await analyst.locator('select[name=reach]').inputValue()) !== '', 'no reach is chosen');
  const days = analyst.locator('section[aria-labelledby=rule-preview] table.data tbody tr');
  check((await days.count()) >= 7, 'the last days are not shown before saving');
  check((await analyst.locator('section[aria-labelledby=rule-preview]').innerText()).includes('→'), 'nothing is said of tomorrow');

  await analyst.locator('#reason').fill('Máy quét của Trung tâm, chạy hằng đêm');
  await analyst.locator('button[name=act][value=preview]').click();
  await analyst.locator('section[aria-labelledby=rule-preview]').waitFor();
  check((await analyst.locator('#reason').inputValue()).includes('Máy quét'), 'what was typed is lost when it is reckoned again');
  await analyst.locator('button[name=act][value=save]').click();
  await analyst.waitForURL(/\/alerts\/[0-9a-f-]{36}$/);
  await analyst.locator('.flash').first().waitFor();

  await analyst.goto(`/rules/${rule}`);
  await accessible(analyst, 'a rule');
  check((await analyst.locator('main').innerText()).includes('Máy quét của Trung tâm'), 'the rule does not name its exception');
  check((await analyst.locator('.condition li').count()) > 0, 'the condition is not said in words');
  await analyst.goto('/rules/exceptions');
  await accessible(analyst, 'list of exceptions');

  await analyst.goto(`/alerts?rule=${rule}&state=all&range=all`);
  await analyst.locator('#alert-rows tr[data-row] a[data-open]').first().click();
  const why = analyst.locator('#drawer a.why[href*="/explain?rule="]').first();
  if ((await why.count()) > 0) {
    await analyst.goto(await why.getAttribute('href'));
    check((await analyst.locator('.condition-holds').count()) > 0, 'no part of the condition is marked');
    await accessible(analyst, 'why a rule fired');
  }
}
