/**
 * The page at `/`, as it was built: one answer, with a policy that lets run its own script and style, to the letter, and
 * lets it ask this port and nobody else. Whatever a name in the configuration may hold, the browser runs nothing of it.
 */
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { BadRequest } from './http.ts'

/** `html` null: a program that runs from its sources has none. */
export function pageAnswer(html: string | null): (response: ServerResponse) => void {
  if (html === null) {
    return () => {
      throw new BadRequest(404, 'this program was not built with its page: /status and /metrics tell the same')
    }
  }
  const body = Buffer.from(html)
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    'content-security-policy': policyOf(html),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
  }
  return (response) => {
    response.writeHead(200, headers)
    response.end(body)
  }
}

/** By the hashes of what stands in the page: a script that somebody else put there is none of them. */
export function policyOf(html: string): string {
  const hashes = (name: string) =>
    [...html.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))]
      .map(
        ([, text]) =>
          `'sha256-${createHash('sha256')
            .update(text ?? '')
            .digest('base64')}'`,
      )
      .join(' ')
  return [
    "default-src 'none'",
    `script-src ${hashes('script')}`,
    `style-src ${hashes('style')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
