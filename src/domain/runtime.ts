/** A runtime: a named template that turns source into an image. Built in (data in src/runtimes/) or uploaded. */

export type RuntimeProtocol = "http" | "message";

/** Options of a function for its runtime: what the runtime's templates are rendered with. */
export type RuntimeOptions = Readonly<Record<string, string | readonly string[]>>;

export type Runtime = {
  /** DNS-label-like name, unique; an uploaded one shadows a built-in of that name. */
  readonly name: string;
  readonly origin: "builtin" | "uploaded";
  /** `dockerfile`: a bare Dockerfile (its file name below runtimes/); `folder`: a runtime folder. */
  readonly shape: "dockerfile" | "folder";
  /** Path of the folder or of the Dockerfile, relative to the runtimes directory it comes from. */
  readonly path: string;
  readonly description: string;
  readonly protocol: RuntimeProtocol;
  /** What the app listens on when nothing else says so. */
  readonly defaultPort: number;
  /** Path that tells whether an instance is well when its owner names none; null: an open port is enough. */
  readonly healthPath: string | null;
  /** Options that hold where a function does not give its own. */
  readonly options: RuntimeOptions;
  /** Memory of an instance in bytes when its owner names none; null: the server's default. */
  readonly memoryBytes: number | null;
  /** The file that a few lines of code without a folder become, e.g. `index.js`; null: it takes folders only. */
  readonly codeFile: string | null;
  /**
   * How a running instance takes changed files without another build: the folder the source lies in, and the paths that
   * need a build after all. Null: every change is built.
   */
  readonly reload: { readonly folder: string; readonly rebuildOn: readonly string[] } | null;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** Uploaded runtimes. Built-in ones are data beside the code and are never in the store. */
export interface RuntimeStore {
  find(name: string): Promise<Runtime | undefined>;
  /** Sorted by name, byte order. */
  list(): Promise<readonly Runtime[]>;
  /** Creates or replaces. */
  put(runtime: Runtime): Promise<void>;
  /** Idempotent. */
  remove(name: string): Promise<void>;
}

/** A runtime with its files read: what the builder lays under the source. */
export type RuntimeFiles = {
  readonly runtime: Runtime;
  /** Dockerfile text, rendered. */
  readonly dockerfile: string;
  /** Further files of the runtime by path below the build context, sorted by path. */
  readonly files: readonly ContextFile[];
};

/** One file of a build context. `mode` holds the permission bits only (0o755, 0o644). */
export type ContextFile = {
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
};

/** Where runtimes are looked up: uploaded ones first, then built-in ones. */
export interface RuntimeCatalog {
  /** @throws AppError `not_found` naming the known runtimes and the nearest one. */
  get(name: string): Promise<Runtime>;
  /** Sorted by name; an uploaded one that shadows a built-in stands once. */
  list(): Promise<readonly Runtime[]>;
  /**
   * Reads and renders the runtime's files.
   * @throws AppError `not_found` when the runtime or its file is gone, `invalid` naming template and line
   */
  read(name: string, context: RuntimeContext): Promise<RuntimeFiles>;
  /** The Dockerfile as it was written (not rendered). @throws AppError `not_found` */
  show(name: string): Promise<string>;
  /** What is in it, as it was written. @throws AppError `not_found` */
  details(name: string): Promise<RuntimeDetails>;
  /**
   * What a new function over it starts with: rendered files, sorted by path. Empty when the runtime has no template.
   * @throws AppError `not_found`, `invalid` for a template that can't be rendered
   */
  template(name: string, context: RuntimeContext): Promise<readonly ContextFile[]>;
  /** The whole runtime, template included, as a tar.gz; the same bytes for the same files. @throws AppError `not_found` */
  archive(name: string): Promise<AsyncIterable<Uint8Array>>;
}

/** What a runtime consists of. */
export type RuntimeDetails = {
  /** Its Dockerfile, not rendered. */
  readonly content: string;
  /** Of all its files, sorted. */
  readonly paths: readonly string[];
  /** `slipway new` finds something to copy. */
  readonly hasTemplate: boolean;
};

/** The catalog with what an administrator may change in it. */
export interface RuntimeAdmin extends RuntimeCatalog {
  /**
   * Keeps a bare Dockerfile as the uploaded runtime of that name; one before it is replaced, unless it `mustBeNew`.
   * @throws AppError `invalid` when it has no FROM, `too_large`, `conflict`
   */
  saveDockerfile(name: string, content: string, options?: RuntimeSaveOptions): Promise<Runtime>;
  /**
   * Keeps a file on disk in the same way: a Dockerfile, or an archive (zip, tar.gz) of a runtime folder.
   * @throws AppError `invalid` naming file, key or line of what is wrong, `too_large`, `conflict`
   */
  saveFile(name: string, path: string, options?: RuntimeSaveOptions): Promise<Runtime>;
  /** Removes an uploaded runtime. @throws AppError `not_found`, `forbidden` (built in), `conflict` (functions use it, named) */
  remove(name: string): Promise<void>;
}

export type RuntimeSaveOptions = { readonly mustBeNew: boolean };

/** What a runtime's templates may use. */
export type RuntimeContext = {
  readonly name: string;
  readonly options: RuntimeOptions;
};
