/**
 * Templates of runtimes: nunjucks in the dialect FaaSO's are written in. Nothing is escaped; an option nobody gave is
 * empty; any other unknown variable is an error. Text without tags comes through byte for byte.
 */

import { AppError } from "../domain/errors.ts";
import type { RuntimeOptions } from "../domain/runtime.ts";
import { hasTags } from "./render-syntax.ts";
import { renderApart } from "./render-thread.ts";

/** The end of a template's name; taken off the file it makes. */
export const TEMPLATE_ENDING = ".j2";

/** Everything a template can use. */
export type TemplateContext = {
  /** The function's. */
  readonly name: string;
  /** Name or folder of the runtime. */
  readonly runtime: string;
  readonly options: RuntimeOptions;
};

/** `file` is what errors call it. @throws AppError `invalid` with file and, where it can be told, line */
export async function renderTemplate(file: string, text: string, context: TemplateContext): Promise<string> {
  if (!hasTags(text)) return text;
  const answer = await renderApart({ file, text, context });
  if ("rendered" in answer) return answer.rendered;
  const { line, words } = answer.fault;
  const where = line === undefined || line < 1 ? file : `${file}, line ${line}`;
  throw new AppError("invalid", `${where}: ${words}`, {
    fields: { [file]: [words] },
    remedy: "Mend the runtime's template. It can use name, runtime and options, loops, conditions and filters.",
  });
}
