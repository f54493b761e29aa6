/**
 * Puts the API onto a machine of the lab. Its unit file is in /usr/local/lib/systemd/system, where a mask in /etc wins;
 * a regular file in /etc/systemd/system could not be masked at all. It neither enables nor starts it.
 */
import { readFile } from 'node:fs/promises'
import type { LabNode } from '../lab/node.ts'

export const API_PORT = 8080

export async function installApi(node: LabNode): Promise<void> {
  const file = (name: string) => readFile(new URL(name, import.meta.url), 'utf8')
  await node.writeFile('/usr/local/lib/api/api.py', await file('./api.py'))
  await node.writeFile('/usr/local/lib/systemd/system/api.service', await file('./api.service'))
}
