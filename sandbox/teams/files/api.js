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
const control = (name, body) => call("POST", `/control/teams/${name}`, body);

export const api = {
  state: (user, channel) => call("GET", `/teams/page/state?${query({ user, channel })}`),
  read: (user, channel, ts) => call("POST", `/teams/page/read?${query({ user, channel, ts })}`),
  home: (user) => call("GET", `/control/teams/home?${query({ user })}`),
  command: (user, channel, text, thread_ts) => control("command", { user, channel, text, ...(thread_ts && { thread_ts }) }),
  message: (user, channel, text, thread_ts) => control("message", { user, channel, text, ...(thread_ts && { thread_ts }) }),
  click: (user, place, action) => control("click", { user, ...place, ...action }),
  submit: (user, view_id, values, action_id) => control("submit", { user, view_id, values, action_id }),
  close: (user, view_id) => control("close", { user, view_id }),
  install: (user) => control("install", { user }),
  refresh: (user, channel) => call("GET", `/control/teams/messages?${query({ user, channel, refresh: "1" })}`),
  clock: (advance) => call("POST", "/control/clock", { advance }),
};

/** Calls `changed` whenever something happened, and once after each reconnection. */
export function watch(changed, connected) {
  const source = new EventSource("/teams/page/events");
  source.onmessage = () => changed();
  source.onopen = () => connected(true);
  source.onerror = () => connected(false);
}
