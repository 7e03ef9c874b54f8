/** The unprivileged user a worker becomes: a break-in through the public port then finds neither keys nor database. */

export type WorkerUser = { readonly name: string; readonly uid: number; readonly gid: number };

/** For good, and without the user's further groups. @throws the system's error when this process may not (is not root) */
export function becomeUser({ uid, gid }: WorkerUser): void {
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}
