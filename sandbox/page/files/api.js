// The calls that the page makes. A refused call is an Error with the server's sentence.

async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error ?? `HTTP ${answer.status}`);
  return content;
}

const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();

export const api = {
  state: (user, channel, thread) => call("GET", `/page/state?${query({ user, channel, thread })}`),
  read: (user, channel, ts) => call("POST", `/page/read?${query({ user, channel, ts })}`),
  home: (user) => call("GET", `/control/slack/home?${query({ user })}`),
  command: (user, channel, text) => call("POST", "/control/slack/command", { user, channel, text }),
  message: (user, channel, text, thread) =>
    call("POST", "/control/slack/message", { user, channel, text, ...(thread ? { thread_ts: thread } : {}) }),
  click: (user, place, action) => call("POST", "/control/slack/click", { user, ...place, ...action }),
  submit: (user, view_id, values) => call("POST", "/control/slack/submit", { user, view_id, values }),
  close: (user, view_id) => call("POST", "/control/slack/close", { user, view_id }),
  clock: (advance) => call("POST", "/control/clock", { advance }),
};

/** Calls `changed` whenever something happened, and once after each reconnection. */
export function watch(changed, connected) {
  const source = new EventSource("/page/events");
  source.onmessage = () => changed();
  source.onopen = () => connected(true);
  source.onerror = () => connected(false);
}
