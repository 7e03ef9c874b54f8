/** The only global of the outside the domain knows: the web's AbortSignal, as little of it as interfaces need. */
interface AbortSignal {
  readonly aborted: boolean;
}
