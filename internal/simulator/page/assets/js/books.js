// The business's money, windows and ledger, as its gateway tells its client.
import { deskBase, token } from "./desk-api.js";
import { change } from "./state.js";

const shownRecords = 100;

/** followBooks keeps the books of an account's business up to date, and returns how to stop. */
export function followBooks(account) {
  change({ books: null });
  if (!account?.gateway || !token()) return undefined;
  const query = new URLSearchParams({ records: shownRecords, access_token: token() });
  const source = new EventSource(`${deskBase(account)}/${account.numbers[0].id}/books?${query}`);
  source.onmessage = (event) => change({ books: booksOf(JSON.parse(event.data)) });
  return () => source.close();
}

/** booksOf gives what the gateway tells the names that the page uses. */
function booksOf(told) {
  const { period, budget } = told;
  return {
    account: { displayName: told.display_name, timeZone: told.time_zone, currency: told.currency, plan: told.plan },
    period,
    budget: budget && { limit: budget.limit, action: budget.action, warnAtPercent: budget.warn_at_percent },
    categories: period.categories.map((one) => ({ ...one, free: one.messages - one.charged })),
    dryRuns: told.dry_runs ?? false, // whether the gateway can say what a message would cost
    openWindows: told.open_windows,
    head: { sequence: told.sequence, hash: told.hash },
    records: told.records.map(recordOf),
  };
}

function recordOf(told) {
  return {
    sequence: told.sequence,
    kind: told.kind,
    messageId: told.message_id,
    settledAt: told.settled_at,
    revision: told.revision,
    market: told.market,
    category: told.category,
    currency: told.currency,
    listPrice: told.list_price,
    charge: told.charge,
    freeReason: told.free_reason,
    tier: told.tier ?? 0,
    allowance: told.allowance,
    allowanceUsed: told.allowance_used,
    previousHash: told.previous_hash,
    hash: told.hash,
  };
}
