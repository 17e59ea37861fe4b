/** The real service in a temporary folder, and real calls to it, both by the one binary. Says why when that cannot be. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const binary = resolve(process.env.HOTLINE_BIN ?? join(import.meta.dirname, '../../target/debug/hotline'))
/** The service takes every HOTLINE_ variable as configuration; of ours it is told only where the models are. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('HOTLINE_') || name === 'HOTLINE_MODELS_DIR'),
)
const STOP_MS = 15_000

/** The machine lacks something the test needs; not a failure. */
export class Skipped extends Error {}

/** Asks a process to end, by its id, and insists when it does not. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const insist = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await gone
  clearTimeout(insist)
}

export interface Service {
  /** Where the console is. */
  console: string
  signInLink: string
  /** `127.0.0.1:12345`, for SIP. */
  sip: string
  /** Its process. */
  pid: number | undefined
  /** Places a call that runs by itself. */
  call: (...options: string[]) => RunningCall
  /** What the service has written to its log. */
  log: () => string
  stop: () => Promise<void>
}

export interface RunningCall {
  running: () => boolean
  /** The process's exit code. */
  ended: Promise<number | null>
}

/** `variables` are configuration, as HOTLINE_ variables. */
export async function serve(variables: Record<string, string> = {}): Promise<Service> {
  if (!existsSync(binary)) throw new Skipped(`${binary} is not there; build it with: cargo build`)
  const folder = mkdtempSync(join(tmpdir(), 'hotline-e2e-'))
  const children: ChildProcess[] = []
  const stop = async () => {
    for (const child of children.reverse()) await end(child)
    rmSync(folder, { recursive: true, force: true })
  }

  const child = spawn(binary, ['serve'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...inherited,
      HOTLINE_DATA_DIR: join(folder, 'data'),
      HOTLINE_HTTP_BIND: '127.0.0.1:0',
      HOTLINE_SIP_BIND: '127.0.0.1:0',
      ...variables,
    },
  })
  children.push(child)
  let log = ''
  child.stderr.on('data', (text: Buffer) => (log += text.toString()))
  try {
    let sip: string | undefined
    let console_: string | undefined
    for await (const line of createInterface({ input: child.stdout })) {
      const answers = /answers calls to sip:(\S+) and shows them at (\S+)/.exec(line)
      if (answers) [, sip, console_] = answers
      const signInLink = /https?:\S+\/sign-in\?token=\S+/.exec(line)?.[0]
      if (!signInLink || sip === undefined || console_ === undefined) continue
      child.stdout.resume()
      const at = sip
      const call = (...options: string[]): RunningCall => {
        const phone = spawn(binary, ['call', `sip:100@${at}`, ...options], { cwd: folder, stdio: 'ignore', env: inherited })
        children.push(phone)
        return {
          running: () => phone.exitCode === null && phone.signalCode === null,
          ended: once(phone, 'exit').then(([code]) => code as number | null),
        }
      }
      return { console: console_, signInLink, sip: at, pid: child.pid, call, log: () => log, stop }
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    const missing = /model \S+ is not in .*/.exec(log)?.[0]
    if (missing !== undefined) throw new Skipped(missing)
    throw new Error(`the service did not start:\n${log}`)
  } catch (failure) {
    await stop()
    throw failure
  }
}
