/** The one-time token with which a fresh server is claimed. */
export interface SetupToken {
  /** Uses the token up. False when it is not the one, or was used. */
  redeem(candidate: string): Promise<boolean>;
}
