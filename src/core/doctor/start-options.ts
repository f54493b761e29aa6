/**
 * MariaDB's options as they stand in files, on a command line and in `render`: made comparable. Pure. `-` and `_` are the
 * same in a name, ON and 1 in a value; of an option that is given twice the last one counts.
 */
import type { Values } from './facts.ts'

export function normalValue(value: string): string {
  const word = value.trim().toUpperCase()
  if (word === 'ON' || word === 'TRUE' || word === 'YES') return '1'
  return word === 'OFF' || word === 'FALSE' || word === 'NO' ? '0' : word
}

function normalName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll('-', '_')
    .replace(/^loose_/, '')
}

/** What `mariadbd --print-defaults` says: `--sync_binlog=1 --skip-slave-start …`. */
export function startOptionsIn(text: string): Values {
  const words = text.split(/\s(?=--)/).filter((word) => word.trim().startsWith('--'))
  return Object.fromEntries(
    words.map((word) => {
      const [name = '', ...value] = word.trim().slice(2).split('=')
      return [normalName(name), value.length === 0 ? '1' : normalValue(value.join('='))]
    }),
  )
}

/** What a rendered file sets: `name = value` below its header. Several of a kind (plugin_load_add) are left out. */
export function renderedOptions(text: string): Values {
  const lines = text.split('\n').filter((line) => /^[a-z_]+ = /.test(line) && !line.startsWith('plugin_load_add'))
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(' = ')
      // Quotes are the file's own.
      return [normalName(name), normalValue(value.join(' = ').replace(/^"(.*)"$/, '$1'))]
    }),
  )
}
