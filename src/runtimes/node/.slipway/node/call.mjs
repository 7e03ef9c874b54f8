// One call of the function: what it prints is captured, what it throws is given a type, its deadline is kept.
import { AsyncLocalStorage } from "node:async_hooks";

const callLogs = new AsyncLocalStorage();

for (const name of ["stdout", "stderr"]) {
  const write = process[name].write.bind(process[name]);
  process[name].write = (chunk, ...rest) => {
    const written = callLogs.getStore();
    if (written !== undefined) written[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return write(chunk, ...rest);
  };
}

const LATE = Symbol("late");

export async function callFunction(handler, context, payload) {
  const written = { stdout: "", stderr: "" };
  const deadline = deadlineOf(context.deadline);
  const fail = (error, isLate = false) => {
    const logs = linesOf(written);
    return { error, logs: { ...logs, stderr: [...logs.stderr, ...error.stacktrace] }, payload: null, isLate };
  };
  if (deadline !== undefined && Date.now() >= deadline) {
    return fail(errorOf("FunctionError", "Did not invoke, already exceeded timeout"), true);
  }
  try {
    const call = callLogs.run(written, async () => handler(context, payload));
    const output = await untilDeadline(call, deadline);
    if (output === LATE) return fail(errorOf("FunctionError", "Function execution exceeded the timeout"), true);
    return { error: null, logs: linesOf(written), payload: serializable(output), isLate: false };
  } catch (thrown) {
    const type = thrown instanceof TypeError && !(thrown instanceof Unserializable) ? "InputError" : "FunctionError";
    return fail(errorOf(type, thrown?.message ?? String(thrown), thrown?.stack));
  }
}

function linesOf(written) {
  const lines = (text) => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));
  return { stdout: lines(written.stdout), stderr: lines(written.stderr) };
}

class Unserializable extends TypeError {}

function serializable(output) {
  if (output === undefined) return null;
  try {
    const text = JSON.stringify(output);
    if (text !== undefined) return JSON.parse(text);
  } catch (error) {
    throw new Unserializable(`the returned value can't be sent as JSON: ${error.message}`);
  }
  throw new Unserializable("the returned value can't be sent as JSON");
}

async function untilDeadline(call, deadline) {
  if (deadline === undefined) return call;
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, deadline - Date.now(), LATE);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

function deadlineOf(value) {
  const time = typeof value === "number" ? value : Date.parse(value ?? "");
  return Number.isFinite(time) ? time : undefined;
}

function errorOf(type, message, stack) {
  return { type, message, stacktrace: stack ? String(stack).split("\n") : [] };
}
