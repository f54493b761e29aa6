/**
 * The ways in which the probe reaches the pair's service: MariaDB's protocol, through the VIP or a machine's own socket, and
 * the API's POST and GET.
 * Invariant: an attempt ends within `attemptMs`, and a connection that failed once is never used again.
 */
import { request } from 'node:http'
import mysql from 'mysql2'
import { guestInit } from './cgroup.ts'
import type { ProbeOrder } from './probe.ts'
import { PROBE } from './recipe.ts'

export interface Target {
  /** Resolves when the write is acknowledged; rejects otherwise, also when nobody knows. */
  write(n: number): Promise<void>
  read(): Promise<void>
  close(): void
}

const SOCKET = '/run/mysqld/mysqld.sock'

/** Where the database is: behind the VIP, or behind a machine's own socket, which is another one after each boot. */
function doorOf(order: ProbeOrder): Pick<mysql.ConnectionOptions, 'host' | 'port' | 'socketPath'> {
  if (order.cgroup === undefined) return { host: order.host, port: order.port }
  return { socketPath: `/proc/${guestInit(order.cgroup) ?? 0}/root${SOCKET}` }
}

export function databaseTarget(order: ProbeOrder): Target {
  const idle: mysql.Connection[] = []

  const open = () => {
    const connection = mysql.createConnection({
      ...PROBE,
      ...doorOf(order),
      connectTimeout: order.attemptMs,
    })
    connection.on('error', () => {}) // told to the attempt that uses it, or noticed by the next
    return connection
  }

  const attempt = (sql: string, values: number[]) =>
    new Promise<void>((resolve, reject) => {
      const connection = idle.pop() ?? open()
      let settled = false
      const settle = (error: Error | null) => {
        if (settled) return
        settled = true
        clearTimeout(timer)
        if (error === null) {
          if (order.anew === true) connection.end(() => {})
          else idle.push(connection)
          resolve()
          return
        }
        connection.destroy()
        // Its siblings lead to the same dead or demoted machine.
        for (const sibling of idle.splice(0)) sibling.destroy()
        reject(error)
      }
      const timer = setTimeout(() => settle(new Error(`no answer within ${order.attemptMs} ms`)), order.attemptMs)
      connection.query(sql, values, (error) => settle(error))
    })

  return {
    write: (n) => attempt('INSERT INTO entry (n, via) VALUES (?, @@hostname)', [n]),
    read: () => attempt('SELECT n FROM entry ORDER BY n DESC LIMIT 1', []),
    close() {
      for (const connection of idle.splice(0)) connection.destroy()
    },
  }
}

export function apiTarget(order: ProbeOrder): Target {
  const attempt = (method: 'GET' | 'POST', body: string, expected: number) =>
    new Promise<void>((resolve, reject) => {
      const options = { host: order.host, port: order.port, path: '/', method, agent: false as const }
      const exchange = request({ ...options, headers: { 'content-length': Buffer.byteLength(body) } }, (response) => {
        let content = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          content += chunk
        })
        response.on('end', () => {
          clearTimeout(timer)
          if (response.statusCode === expected) resolve()
          else reject(new Error(`${response.statusCode}: ${content.slice(0, 200)}`))
        })
        response.on('error', reject)
      })
      const timer = setTimeout(
        () => exchange.destroy(new Error(`no answer within ${order.attemptMs} ms`)),
        order.attemptMs,
      )
      exchange.on('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
      exchange.end(body)
    })
  return {
    write: (n) => attempt('POST', JSON.stringify({ n }), 201),
    read: () => attempt('GET', '', 200),
    close() {},
  }
}
