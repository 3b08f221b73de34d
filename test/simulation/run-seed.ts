import type { Account, Principal } from '../../src/directory/directory.ts';
import { createSeededRandom } from '../../src/simulator/seeded-random.ts';
import { createModelLedger, type ModelLedger } from '../ledger/model-ledger.ts';
import { createFaultyStore, type FaultyStore } from './faulty-store.ts';
import { type MemoryConnection, openMemoryConnection } from './memory-connection.ts';
import { createMemoryDisk, type MemoryDisk } from './memory-disk.ts';
import { type CallPlan, type EventPlan, planSeed, type SeedPlan, TROUBLE_MS } from './plan-seed.ts';
import { type ProxyProcess, startProxyProcess } from './proxy-process.ts';
import { createScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts';
import { createPrincipal, LIMITS, START_MS, writeRequest } from './seed-parts.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

/** Where a process runs: its disk outlasts it. */
export interface Place {
  disk: MemoryDisk;
  skewMs: number;
  process: ProxyProcess | undefined;
  /** Being started or stopped. */
  isBusy: boolean;
  generation: number;
  /** Names of the processes that were killed here, or were stopped. */
  ended: Set<string>;
}

/** A seed's run when everything has come to rest, as the judge looks at it. */
export interface RestedWorld {
  plan: SeedPlan;
  ledger: ModelLedger;
  store: FaultyStore;
  upstream: ScriptedUpstream;
  places: Place[];
  principals: Principal[];
  /** Accounts that were, at any time, let run on into debt. */
  indebted: Set<number>;
  clients: Map<number, MemoryConnection>;
  storeNowMs: number;
  elapsedMs: number;
}

/** After the trouble: every silence, lease and delay is over by then. */
const REST_MS = 300_000;

class World {
  readonly time: VirtualTime = createVirtualTime();
  readonly places: Place[];
  readonly principals: Principal[];
  readonly clients = new Map<number, MemoryConnection>();
  readonly indebted = new Set<number>();
  readonly plan: SeedPlan;
  readonly ledger: ModelLedger;
  readonly store: FaultyStore;
  readonly upstream: ScriptedUpstream;
  readonly #random;
  readonly #faults: unknown[] = [];
  #storeSkewMs = 0;
  #arrived = 0;
  #isCalm = false;
  #isEnding = false;

  constructor(plan: SeedPlan) {
    this.plan = plan;
    this.#random = createSeededRandom(plan.seed ^ 0x5eed);
    this.places = Array.from({ length: plan.places }, () => ({
      ...{ disk: createMemoryDisk(), skewMs: 0, process: undefined, isBusy: false, generation: 0 },
      ended: new Set<string>(),
    }));
    this.ledger = createModelLedger(() => this.storeNowMs);
    this.store = createFaultyStore(this.ledger, this.time, this.#random);
    const times = { firstByteMs: LIMITS.upstreamFirstByteMs, silenceMs: LIMITS.upstreamSilenceMs };
    this.upstream = createScriptedUpstream(this.time, this.#random, times, (number) => this.#call(number).upstream);
    this.principals = plan.accounts.map((account, index) => createPrincipal(index, account));
    this.principals.forEach(({ account }, index) => {
      if (account.onExhausted === 'finish') this.indebted.add(index);
    });
  }

  get storeNowMs(): number {
    return START_MS + this.time.elapsedMs + this.#storeSkewMs;
  }

  async run(): Promise<void> {
    await this.#openAccounts();
    for (const place of this.places) this.#start(place);
    await this.time.runUntil(() => this.places.every(isServing), 1_000, 'the processes serve');
    this.store.faultsPerMille = this.plan.faultsPerMille;
    for (const call of this.plan.calls) this.time.after(call.atMs, () => this.#send(call));
    for (const event of this.plan.events) this.time.after(event.atMs, () => this.#happen(event));
    await this.#waitFor(() => this.time.elapsedMs >= TROUBLE_MS, TROUBLE_MS * 2, 'the trouble is over', TROUBLE_MS);
    await this.#rest();
    if (this.#faults.length > 0) throw new AggregateError(this.#faults, 'a process failed');
  }

  async #waitFor(condition: () => boolean, limitMs: number, what: string, wakeMs = 0): Promise<void> {
    this.time.after(wakeMs, () => undefined);
    await this.time.runUntil(condition, limitMs, what);
  }

  async #rest(): Promise<void> {
    this.store.faultsPerMille = 0;
    this.store.awayUntilMs = 0;
    this.#isCalm = true;
    for (const place of this.places) {
      place.disk.isFull = false;
      place.process?.life.dieAfter(Number.POSITIVE_INFINITY);
    }
    for (const place of this.places) if (place.process === undefined && !place.isBusy) this.#start(place);
    await this.#waitFor(() => this.#isQuiet(), REST_MS, 'no call is open, no end waits and no hold is left').catch(
      (error: unknown) => {
        throw new Error(this.#describeUnrest(), { cause: error });
      },
    );
    this.#isEnding = true;
    for (const place of this.places) this.#stop(place, undefined);
    await this.#waitFor(() => this.places.every(({ process }) => process === undefined), REST_MS, 'all have stopped');
  }

  #isQuiet(): boolean {
    if (this.#arrived < this.plan.calls.length || !this.places.every(isServing)) return false;
    if ([...this.clients.values()].some(({ isOver }) => !isOver)) return false;
    const busy = this.places.some(
      ({ process }) => process?.metering.openCalls.size !== 0 || process.metering.settleQueue.waiting().entries > 0,
    );
    return !busy && this.principals.every(({ account }) => this.ledger.books(account.id)?.holds.size === 0);
  }

  /** Why it does not come to rest. */
  #describeUnrest(): string {
    const places = this.places.map(({ process, isBusy }) =>
      process === undefined
        ? `${isBusy ? 'a process that does not start or stop' : 'no process'}`
        : `${isBusy ? 'stopping, ' : ''}${process.metering.openCalls.size} calls open, ${process.metering.settleQueue.waiting().entries} ends waiting`,
    );
    const clients = [...this.clients].filter(([, { isOver }]) => !isOver).map(([number]) => number);
    const holds = this.principals.map(({ account }) => this.ledger.books(account.id)?.holds.size);
    return `no rest: ${places.join(' | ')}; clients waiting: ${clients.join()}; holds open: ${holds.join()}; ${this.#arrived} arrived`;
  }

  async #openAccounts(): Promise<void> {
    for (const [index, { account }] of this.principals.entries()) {
      await this.ledger.openAccount({ accountId: account.id, mode: 'prepaid', creditLimitNanoUsd: 0n });
      for (const [number, { amountNanoUsd, lifeMs }] of this.plan.accounts[index]?.grants.entries() ?? [])
        await this.#grant(account, `grant_${index}_${number}`, amountNanoUsd, lifeMs);
    }
  }

  async #grant({ id }: Account, grantId: string, amountNanoUsd: bigint, lifeMs: number): Promise<void> {
    const terms = { kind: 'paid', priority: 50, effectiveAtMs: this.storeNowMs, expiresAtMs: this.storeNowMs + lifeMs };
    await this.ledger.grant({ accountId: id, grantId, amountNanoUsd, ...terms, kind: 'paid' });
  }

  #start(place: Place): void {
    place.isBusy = true;
    place.generation += 1;
    const name = `${this.places.indexOf(place)}.${place.generation}`;
    startProxyProcess({
      name,
      time: this.time,
      nowMs: () => START_MS + this.time.elapsedMs + place.skewMs,
      store: this.store,
      upstream: this.upstream,
      disk: place.disk,
      limits: {
        ...LIMITS,
        spoolEntries: this.plan.spoolEntries,
        upstreamConnections: this.plan.upstreamConnections,
        disconnectDrains: this.plan.disconnectDrains,
      },
      policies: this.plan.policies,
      findPrincipal: (hash) => this.principals.find(({ key }) => key.secretHash === hash),
      onDeath: () => {
        place.ended.add(name);
        place.process = undefined;
      },
    }).then(
      (process) => {
        place.isBusy = false;
        place.process = process;
      },
      (error: unknown) => void this.#faults.push(error),
    );
  }

  /** SIGTERM. @param downMs how long until another is started; undefined: none is. */
  #stop(place: Place, downMs: number | undefined): void {
    const { process } = place;
    if (process === undefined || place.isBusy) return;
    place.isBusy = true;
    process.stop().then(
      () => {
        place.isBusy = false;
        place.ended.add(process.name);
        // It may have been killed meanwhile, and another be there.
        if (place.process === process) place.process = undefined;
        if (downMs !== undefined) this.time.after(downMs, () => this.#revive(place));
      },
      (error: unknown) => void this.#faults.push(error),
    );
  }

  #revive(place: Place): void {
    if (place.process === undefined && !place.isBusy && !this.#isEnding) this.#start(place);
  }

  #send(call: CallPlan): void {
    this.#arrived += 1;
    const [first, second] = [call.place, (call.place + 1) % this.places.length].map((at) => this.places[at]?.process);
    const process = first ?? second;
    const principal = this.principals[call.account];
    if (process === undefined || principal === undefined) return;
    const { time } = this;
    const parts = { time, random: this.#random, life: process.life };
    const connection = openMemoryConnection(parts, writeRequest(call), call.client);
    this.clients.set(call.number, connection);
    process.accept(connection.socket);
  }

  #happen(event: EventPlan): void {
    if (this.#isCalm) return;
    const place = 'place' in event && event.place !== undefined ? this.places[event.place] : undefined;
    const principal = 'account' in event ? this.principals[event.account] : undefined;
    if (event.kind === 'outage') this.store.awayUntilMs = this.time.elapsedMs + event.forMs;
    else if (event.kind === 'clock' && place === undefined) this.#storeSkewMs += event.byMs;
    else if (principal !== undefined && 'account' in event) this.#changeAccount(event, principal);
    else if (place !== undefined) this.#happenAt(place, event);
  }

  #happenAt(place: Place, event: EventPlan): void {
    if (event.kind === 'kill') this.#kill(place, event);
    else if (event.kind === 'restart') this.#stop(place, event.downMs);
    else if (event.kind === 'clock') place.skewMs += event.byMs;
    else if (event.kind === 'disk_full') {
      place.disk.isFull = true;
      this.time.after(event.forMs, () => {
        place.disk.isFull = false;
      });
    }
  }

  #changeAccount(event: Extract<EventPlan, { account: number }>, principal: Principal): void {
    if (event.kind === 'terms') {
      if (event.terms.onExhausted === 'finish') this.indebted.add(event.account);
      principal.account = { ...principal.account, ...event.terms };
    } else this.#administer(event, principal.account.id).catch((error: unknown) => this.#faults.push(error));
  }

  async #administer(event: EventPlan, accountId: string): Promise<void> {
    const { ledger } = this;
    if (event.kind === 'grant') {
      const account = (this.principals[event.account] as Principal).account;
      await this.#grant(account, `grant_more_${event.atMs}`, event.amountNanoUsd, 86_400_000);
    } else if (event.kind === 'void') {
      const [grant] = await ledger.readGrants(accountId);
      if (grant !== undefined) await ledger.voidGrant({ accountId, grantId: grant.grantId });
    } else if (event.kind === 'close') {
      await ledger.closeAccount({ accountId });
    } else if (event.kind === 'freeze') {
      await ledger.setPolicy({ accountId, status: 'frozen' });
      this.time.after(event.forMs, () => void ledger.setPolicy({ accountId, status: 'open' }));
    }
  }

  #kill(place: Place, { effects, downMs }: EventPlan & { kind: 'kill' }): void {
    const { process } = place;
    if (process === undefined) return;
    if (effects === 0) process.life.die();
    else process.life.dieAfter(effects);
    const revive = (): void => {
      // A stop that was under way died with it.
      if (!process.life.isAlive && place.process === undefined) place.isBusy = false;
      this.#revive(place);
    };
    this.time.after(downMs, revive);
    // It may have had nothing to do for a while.
    this.time.after(downMs + 15_000, revive);
  }

  #call(number: number): CallPlan {
    return this.plan.calls[number - 1] as CallPlan;
  }
}

/** Runs one seed until everything is at rest. */
export async function runSeed(seed: number): Promise<RestedWorld> {
  const world = new World(planSeed(seed));
  await world.run();
  const { plan, ledger, store, upstream, places, principals, indebted, clients, storeNowMs } = world;
  const { elapsedMs } = world.time;
  return { plan, ledger, store, upstream, places, principals, indebted, clients, storeNowMs, elapsedMs };
}

function isServing({ process, isBusy }: Place): boolean {
  return process !== undefined && !isBusy;
}
