/**
 * The published schemas, as tests use them: what is sent must be all that they describe, and nothing that they do not. The
 * published ones themselves allow more, so that a later version can add to it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'

export const SCHEMAS = ['status', 'history'] as const

export function schemaText(name: (typeof SCHEMAS)[number]): string {
  return readFileSync(join(import.meta.dirname, `../docs/${name}.schema.json`), 'utf8')
}

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true })
for (const name of SCHEMAS) {
  const closed = (_key: string, value: unknown) =>
    typeof value === 'object' && value !== null && 'properties' in value && 'required' in value
      ? { ...value, additionalProperties: false }
      : value
  ajv.addSchema(JSON.parse(schemaText(name), closed))
}

/** What is wrong, a sentence each. */
export function faultsOf(name: (typeof SCHEMAS)[number], value: unknown): string[] {
  const validate = ajv.getSchema(`${name}.schema.json`)
  if (validate === undefined) throw new Error(`cannot find the schema of ${name}`)
  if (validate(value) === true) return []
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${instancePath || '/'} ${message} ${JSON.stringify(params)}`
  })
}
