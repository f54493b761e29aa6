/**
 * What `apmode init` wants to know, as a table: one row is a flag on the command line, a question on a terminal, and what a
 * fault of the answer is called. Invariant: whatever can be asked has a flag. Every answer is a text, as it was typed; what
 * is wrong with one is for the parser of the configuration to say.
 */

export interface Question {
  /** As commander has it: `--peer-address <address>`. */
  readonly flag: string
  /** For the help. */
  readonly about: string
  /** On a terminal; null: only the flag, the default is right nearly always. */
  readonly asks: string | null
}

export const QUESTIONS = {
  node: { flag: '--node <name>', about: 'this machine (its host name)', asks: 'name of this machine' },
  role: {
    flag: '--role <role>',
    about: 'active or standby, at first (active)',
    asks: 'role of this machine at first: active or standby',
  },
  peer: { flag: '--peer <name>', about: 'the other machine', asks: 'name of the other machine' },
  peerAddress: {
    flag: '--peer-address <address>',
    about: 'its address (what its name resolves to)',
    asks: 'address of the other machine',
  },
  vip: {
    flag: '--vip <address/prefix>',
    about: 'the virtual address that moves between the machines',
    asks: 'virtual address (VIP), with its prefix length',
  },
  interface: {
    flag: '--interface <name>',
    about: 'the interface that reaches the other machine and carries the VIP (found)',
    asks: 'network interface',
  },
  address: { flag: '--address <address>', about: 'of this machine on that interface (found)', asks: 'its address' },
  peerInterface: {
    flag: '--peer-interface <name>',
    about: 'on the other machine (the same name)',
    asks: 'network interface of the other machine',
  },
  routerId: {
    flag: '--router-id <number>',
    about: "VRRP's number of the pair, 1–255, used by no other one on this network (50)",
    asks: 'VRRP number of the pair (virtual_router_id)',
  },
  witness: {
    flag: '--witness <addresses>',
    about: 'addresses outside of the pair that answer a ping, the gateway say; with commas (none)',
    asks: 'witness: an address outside of the pair that answers a ping',
  },
  database: {
    flag: '--database <unit>',
    about: 'its systemd unit, or none (mariadb.service)',
    asks: 'unit of the database',
  },
  api: {
    flag: '--api <units>',
    about: 'what else the machines serve; with commas, or none (found: nginx, apache2 …)',
    asks: 'units of the API',
  },
  router: { flag: '--router <unit>', about: "keepalived's unit (keepalived.service)", asks: null },
  codename: { flag: '--codename <word>', about: 'the boot unit is WORD.service (ap)', asks: null },
  modeFile: { flag: '--mode-file <path>', about: 'where the mode is kept (/opt/ap-mode)', asks: null },
  durability: {
    flag: '--durability <word>',
    about: 'semi-sync or async: an acknowledged write is on both, or perhaps on one (semi-sync)',
    asks: null,
  },
  replicationUser: {
    flag: '--replication-user <name>',
    about: 'the account between the databases (replication)',
    asks: null,
  },
  socket: { flag: '--socket <path>', about: "the local database's (/run/mysqld/mysqld.sock)", asks: null },
} as const satisfies Readonly<Record<string, Question>>

export type AnswerName = keyof typeof QUESTIONS
export type Answers = { readonly [name in AnswerName]?: string }

export const ANSWER_NAMES = Object.keys(QUESTIONS) as readonly AnswerName[]
/** What a person can say best; everything else is found, or is right as it is. */
export const NEEDED: readonly AnswerName[] = ['node', 'peer', 'peerAddress', 'vip', 'interface', 'address']

/** `--peer-address` */
export const flagOf = (name: AnswerName): string => QUESTIONS[name].flag.split(' ')[0] ?? name

/** `none` and nothing are an empty list. */
export function listOf(text: string | undefined): string[] {
  const words = (text ?? '').split(/[\s,]+/).filter((word) => word !== '')
  return words.length === 1 && words[0] === 'none' ? [] : words
}

/** systemd's habit: `nginx` is `nginx.service`. */
export const unitOf = (name: string): string => (/\.[a-z]+$/.test(name) || name === '' ? name : `${name}.service`)
