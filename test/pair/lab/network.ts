/**
 * The pair's network: a switch (a bridge in a namespace of its own), and a cable from it to each machine and the client.
 * Invariant: no address, interface or route ever exists outside the run's own namespaces.
 * A machine's network card is made new at each boot: the namespace would otherwise outlive its machine, keep the VIP
 * and answer with RST, which no dead machine does.
 */
import { must, run, runBlocking } from './command.ts'
import type { RunNames } from './names.ts'

export const SUBNET = '192.168.33'
export const VIP = `${SUBNET}.100`
/** The switch's own address: answers pings, as a gateway (a witness) would. */
export const GATEWAY = `${SUBNET}.1`
export const CLIENT_ADDRESS = `${SUBNET}.10`

/** `plugged`; `pulled`: the carrier is lost too; `deaf`: the carrier stays and nothing gets through (a broken switch). */
export type Cable = 'plugged' | 'pulled' | 'deaf'

const LIMIT = { timeoutMs: 30_000 }

export async function createSwitch(names: RunNames): Promise<void> {
  const { switchNamespace, clientNamespace } = names
  await must(['ip', 'netns', 'add', switchNamespace], LIMIT)
  await batch(switchNamespace, [
    'link set lo up',
    'link add bridge type bridge stp_state 0 forward_delay 0',
    `address add ${GATEWAY}/24 dev bridge`,
    'link set bridge up',
  ])
  await connect(names, {
    port: 'client',
    namespace: clientNamespace,
    interface: 'eth0',
    address: CLIENT_ADDRESS,
    mac: macOf(CLIENT_ADDRESS),
  })
}

export interface Card {
  /** Name of the switch's end of the cable. */
  readonly port: string
  readonly namespace: string
  readonly interface: string
  readonly address: string
  readonly mac: string
}

/** A fresh namespace with one card in it, plugged into the switch. Anything left of an earlier one is removed first. */
export async function connect(names: RunNames, card: Card): Promise<void> {
  await disconnect(card.namespace)
  // Removing the namespace removes the cable, but only a moment later.
  await run(['ip', '-n', names.switchNamespace, 'link', 'delete', card.port], LIMIT)
  await must(['ip', 'netns', 'add', card.namespace], LIMIT)
  await batch(names.switchNamespace, [
    `link add ${card.port} type veth peer name ${card.interface} address ${card.mac} netns ${card.namespace}`,
    `link set ${card.port} master bridge`,
    `link set ${card.port} up`,
  ])
  await batch(card.namespace, [
    'link set lo up',
    `address add ${card.address}/24 dev ${card.interface}`,
    `link set ${card.interface} up`,
    `route add default via ${GATEWAY}`,
  ])
}

export async function disconnect(namespace: string): Promise<void> {
  await run(['ip', 'netns', 'delete', namespace], LIMIT)
}

export async function setCable(names: RunNames, port: string, cable: Cable): Promise<void> {
  await batch(names.switchNamespace, cableCommands(port, cable))
}

/** For the instant of a power cut. */
export function setCableBlocking(names: RunNames, port: string, cable: Cable): void {
  runBlocking(['ip', '-n', names.switchNamespace, '-batch', '-'], {
    ...LIMIT,
    input: lines(cableCommands(port, cable)),
  })
}

/** The machine's own interface, as `ip link set … down` on its console. */
export async function setLink(namespace: string, name: string, state: 'up' | 'down'): Promise<void> {
  await must(['ip', '-n', namespace, 'link', 'set', name, state], LIMIT)
}

/** The same card after each boot, so that the neighbours' ARP entries stay right. */
export function macOf(address: string): string {
  return `02:00:${address
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join(':')}`
}

function cableCommands(port: string, cable: Cable): string[] {
  switch (cable) {
    case 'plugged':
      return [`link set ${port} master bridge`, `link set ${port} up`]
    case 'pulled':
      return [`link set ${port} down`]
    case 'deaf':
      return [`link set ${port} nomaster`]
  }
}

async function batch(namespace: string, commands: readonly string[]): Promise<void> {
  await must(['ip', '-n', namespace, '-batch', '-'], { ...LIMIT, input: lines(commands) })
}

function lines(commands: readonly string[]): string {
  return `${commands.join('\n')}\n`
}
