import i18n from 'i18next'
import { beforeAll, expect, test } from 'vitest'
import { readFloorOf, readReasons, type Agent, type AgentStanding } from '../api/floor'
import en from '../locales/floor.en.json'
import zh from '../locales/floor.zh-CN.json'
import { abandonTone, agentsOf, levelTone, shownState, wasSaid, waitTone, worksIn } from './sight'
import { explain, groups, named, type Speech } from './why'

beforeAll(() => i18n.init({ lng: 'en', resources: { en: { translation: en }, 'zh-CN': { translation: zh } }, interpolation: { escapeValue: false }, showSupportNotice: false }))

const people: Record<string, string> = { '101': 'Anna', '102': 'Ben', '103': 'Carl' }
const speech = (language: Speech['language']): Speech => ({ t: i18n.getFixedT(language), language, name: (extension) => people[extension] ?? extension })
const told = (why: object, offeredTo: string[] = [], language: Speech['language'] = 'en') => explain(readReasons(why), offeredTo, speech(language))

const busy = {
  strategy: 'longest_idle',
  chosen: [],
  candidates: [],
  excluded: [
    { agent: '103', why: 'away', detail: 'lunch' },
    { agent: '101', why: 'talking' },
    { agent: '102', why: 'talking' },
  ],
  waits: 'nobody_free',
}

test('why somebody waits is told in sentences, nearest to taking the call first', () => {
  expect(told(busy)).toEqual(['Everybody who could take the call is busy.', 'Anna and Ben are talking.', 'Carl is away (Lunch).'])
  expect(told(busy, [], 'zh-CN')).toEqual(['能接这通电话的人都在忙。', 'Anna和Ben 正在通话。', 'Carl 离开（午餐）。'])
})

test('a phone that rings is told first, and only once', () => {
  const why = { ...busy, excluded: [{ agent: '101', why: 'ringing' }], waits: 'ringing' }
  expect(told(why, ['101'])).toEqual(['It is ringing at Anna.'])
  expect(told({ ...why, waits: 'nobody_free' })).toEqual(['Everybody who could take the call is busy.', 'Another call is ringing at Anna.'])
})

test('who is free but serves others first is named', () => {
  const why = { candidates: [{ agent: '101', tier: 1 }], excluded: [], chosen: [], waits: 'others_first' }
  expect(told(why)).toEqual(['Callers who go before get whoever is free.', 'Anna could take it.'])
})

test('what an older page does not know is told by its name', () => {
  expect(told({ excluded: [{ agent: '101', why: 'on_the_moon' }], waits: 'full_moon' })).toEqual(['Full moon', 'On the moon'])
})

test('those kept by the same thing are one group, whatever the seconds of their tier', () => {
  const excluded = [
    { agent: '1', why: 'later_tier', detail: '12' },
    { agent: '2', why: 'later_tier', detail: '13' },
    { agent: '3', why: 'skill', detail: 'billing' },
    { agent: '4', why: 'skill', detail: 'en' },
  ]
  expect(groups({ excluded }).map(({ why, agents }) => [why, agents])).toEqual([
    ['later_tier', ['1', '2']],
    ['skill', ['3']],
    ['skill', ['4']],
  ])
})

test('of many only some are named', () => {
  expect(named(['101', '102', '103', '104', '105'], speech('en'))).toBe('Anna, Ben, Carl, and 2 others')
  expect(named(['101', '102', '103', '104'], speech('en'))).toBe('Anna, Ben, Carl, and 104')
})

test('a service level is judged by its own aim', () => {
  expect([levelTone(0.8, 0.8), levelTone(0.79, 0.8), levelTone(0.71, 0.8), levelTone(0.69, 0.8), levelTone(undefined, 0.8)]).toEqual(['good', 'warn', 'warn', 'bad', 'none'])
})

test('a wait is judged by the time aimed at, and hanging up by what is usual', () => {
  expect([waitTone(20, 20), waitTone(21, 20), waitTone(60, 20), waitTone(61, 20), waitTone(99, 0)]).toEqual(['none', 'warn', 'warn', 'bad', 'none'])
  expect([abandonTone(undefined), abandonTone(0.05), abandonTone(0.1), abandonTone(0.11)]).toEqual(['none', 'none', 'warn', 'bad'])
})

const standing = (extension: string, state: AgentStanding['state'], reachable = true): AgentStanding => ({ extension, state, reachable, since: 0, missed: 0 })
const profile = (extension: string, queues: Agent['queues']): [string, Agent] => [extension, { extension, name: '', skills: {}, queues }]

test('a number of agents opens to exactly those it counts', () => {
  const all = [standing('1', 'free'), standing('2', 'free', false), standing('3', 'free'), standing('4', 'away', false)]
  const profiles = new Map([profile('1', null), profile('2', null), profile('3', { sales: 1 }), profile('4', { service: 2 })])
  const found = (filter: Parameters<typeof agentsOf>[1]) => agentsOf(all, filter, profiles).map(({ extension }) => extension)
  expect(found({ queue: 'service' })).toEqual(['1', '2', '4'])
  expect(found({ queue: 'service', state: 'free' })).toEqual(['1'])
  expect(found({ state: 'offline' })).toEqual(['2'])
  expect(found({})).toEqual(['1', '2', '3', '4'])
  expect(shownState(standing('4', 'away', false))).toBe('away')
  expect(worksIn(undefined, 'service')).toBe(true)
})

test('words are found however they were written, all of them', () => {
  const said = ['Where is my BIKE order?', '我想退款']
  expect([wasSaid(said, 'order bike'), wasSaid(said, 'bike refund'), wasSaid(said, '退款'), wasSaid(said, '  ')]).toEqual([true, false, true, true])
})

test('a frame of the floor is read, and what cannot be read is left out', () => {
  const frame = {
    type: 'floor',
    floor: {
      at: 5,
      queues: [{ id: 'service', title: ' ', waiting: 1, agents: { free: 2 }, service_level: null, target: 0.8, within_s: 20 }, { title: 'no id' }],
      agents: [{ extension: '101', state: 'free', reachable: false, missed: 2, since: 3, reason: null }, { extension: '102', state: 'dancing' }],
      waiting: [{ call: 'c', queue: 'service', since: 1, place: 1, wait_s: null, priority: 5, language: 'en', offered_to: ['101', 7], why: busy }],
    },
  }
  const floor = readFloorOf(JSON.stringify(frame))
  expect(floor?.queues).toMatchObject([{ id: 'service', title: 'service', waiting: 1, service_level: undefined, agents: { free: 2, offline: 0 } }])
  expect(floor?.agents).toMatchObject([{ extension: '101', missed: 2, reachable: false }])
  expect(floor?.waiting).toMatchObject([{ call: 'c', wait_s: undefined, offered_to: ['101'], why: { waits: 'nobody_free' } }])
  expect([readFloorOf('{'), readFloorOf('{"type":"presence"}'), readFloorOf('{"type":"floor","floor":{}}')]).toEqual([undefined, undefined, undefined])
})
