// A person of one agency sees nothing of another, by page, by list and by guessed address.
export const name = 'an officer of one agency sees no system, alert or person of another';

export default async function journey({ visitor, check, accessible, program }) {
  const centre = await visitor({ role: 'quantri' });
  await centre.goto('/systems');
  const all = await centre.locator('main a[href^="/systems/"]').evaluateAll((links) => [...new Set(links.map((link) => link.getAttribute('href')))]);
  const foreign = all.filter((href) => /\/systems\/[0-9a-f-]{36}$/.test(href));
  check(foreign.length > 10, `the centre sees only ${foreign.length} systems`);

  const officer = await visitor({ role: 'canbo.syt' });
  await officer.goto('/systems');
  await accessible(officer, 'systems of one agency');
  const own = await officer.locator('main a[href^="/systems/"]').evaluateAll((links) => [...new Set(links.map((link) => link.getAttribute('href')))]);
  const reachable = own.filter((href) => foreign.includes(href));
  const hidden = foreign.find((href) => !own.includes(href));
  check(hidden, 'the officer sees every system of the province');
  const answer = await officer.request.get(`${program.address}${hidden}`);
  check([403, 404].includes(answer.status()), `a foreign system answers ${answer.status()} to an officer who has ${reachable.length} of his own`);
}
