/** Documents of projects for the tests of the command line: believed whatever they say. */

import { parse, stringify } from "yaml";
import type { ProjectDocument, ProjectDocuments } from "../../domain/project-document.ts";
import type { ProjectSpec } from "../../domain/project-spec.ts";

export class FakeDocuments implements ProjectDocuments {
  async read(text: string): Promise<ProjectDocument> {
    return parse(text) as ProjectDocument;
  }

  check(): Promise<ProjectSpec> {
    return Promise.reject(new Error("only a server checks documents that came over HTTP"));
  }

  documentOf(): Promise<ProjectDocument> {
    return Promise.reject(new Error("only a server makes documents"));
  }

  async write(document: ProjectDocument, comment: readonly string[]): Promise<string> {
    return `${comment.map((line) => `# ${line}\n`).join("")}${stringify(document)}`;
  }

  async jsonSchema(): Promise<object> {
    return { title: "Slipway project" };
  }
}
