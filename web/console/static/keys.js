// Passkeys and security keys. A button with data-key asks the browser for one with the options that the server gave,
// puts the answer into the form's field "key" and sends the form. Without this script the code of an app does the same.

const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const described = (keys) => (keys || []).map((each) => ({ ...each, id: toBytes(each.id) }));

async function answer(kind, options) {
  options.challenge = toBytes(options.challenge);
  if (kind === "create") {
    options.user.id = toBytes(options.user.id);
    options.excludeCredentials = described(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  }
  options.allowCredentials = described(options.allowCredentials);
  return navigator.credentials.get({ publicKey: options });
}

function written(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: toText(credential.rawId), type: credential.type, response });
}

function why(error, options) {
  switch (error.name) {
    case "InvalidStateError": return "This key is registered already.";
    case "SecurityError": return `Keys are bound to the name ${options.rpId || options.rp.id}: open this page under it.`;
    default: return "The browser got no answer from a key. Try again, or use another way.";
  }
}

async function use(button) {
  const options = JSON.parse(button.dataset.options);
  const form = button.closest("form");
  const said = form.querySelector("[data-key-said]");
  said.textContent = "";
  button.disabled = true;
  try {
    const credential = await answer(button.dataset.key, options);
    form.querySelector("input[name=key]").value = written(credential);
    form.submit(); // not requestSubmit: the code may stay empty
  } catch (error) {
    button.disabled = false;
    said.textContent = why(error, options);
  }
}

if (window.PublicKeyCredential) {
  document.documentElement.dataset.keys = "yes";
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-key]");
    if (button) use(button);
  });
}
