// Makes and uses passkeys. A form says what the server asks (`data-passkey`); what the authenticator answers goes into
// its field `answer`. Bytes travel as base64url.

function bytes(text) {
  const letters = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const readable = (list) => list.map((one) => ({ ...one, id: bytes(one.id) }));

async function make(asked) {
  const user = { ...asked.user, id: bytes(asked.user.id) };
  const excludeCredentials = readable(asked.excludeCredentials);
  const publicKey = { ...asked, challenge: bytes(asked.challenge), user, excludeCredentials };
  const { response } = await navigator.credentials.create({ publicKey });
  return { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject) };
}

async function use(asked) {
  const publicKey = { ...asked, challenge: bytes(asked.challenge), allowCredentials: readable(asked.allowCredentials) };
  const { rawId, response } = await navigator.credentials.get({ publicKey });
  return {
    id: text(rawId),
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : null,
  };
}

/** Lets a form ask the authenticator before it is sent; one that only uses a passkey asks at once. */
export function askPasskey(form) {
  const asked = JSON.parse(form.dataset.passkey);
  const failed = document.querySelector('[data-passkey-failed]');
  const isNew = 'user' in asked;
  async function answer() {
    failed.hidden = true;
    try {
      form.elements.answer.value = JSON.stringify(await (isNew ? make(asked) : use(asked)));
    } catch {
      // Cancelled, timed out, no passkey here: the browser does not say which.
      failed.hidden = false;
      failed.focus();
      return;
    }
    form.submit();
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    answer();
  });
  if (!isNew) answer();
}
