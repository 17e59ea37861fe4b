/** The flow without a graph, for a telephone: blocks in the order of the way, and from each where it leads. */
import { useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { words } from '../lib/format'
import { useLanguage } from '../lib/hooks'
import { BlockIcon } from './BlockIcon'
import type { Block, BlockSpec, FlowDocument } from './document'
import { edgeNotes } from './edit/ports'
import { spoken } from './edit/spoken'
import { inOrder, waysOf } from './order'
import { calledBy, MAIN, startOf, subFlowOf } from './parts'
import './list.css'

interface Props {
  flow: FlowDocument
  specs: ReadonlyMap<string, BlockSpec>
  select: (block: string) => void
  /** Visits by the call shown, and the edges it took. */
  visits?: ReadonlyMap<string, number> | undefined
  taken?: ReadonlyMap<string, number> | undefined
}

/** What a block says first, in a language. */
function wordsOf(block: Block, spec: BlockSpec | undefined, language: string): string {
  const field = spec?.fields.find(({ type, name }) => type.kind === 'texts' && typeof block.params[name] === 'object' && block.params[name] !== null)
  const texts = field && (block.params[field.name] as Record<string, unknown>)
  const text = texts?.[language] ?? Object.values(texts ?? {})[0]
  return typeof text === 'string' ? spoken(text) : ''
}

export function FlowList({ flow, specs, select, visits, taken }: Props) {
  const { t } = useTranslation()
  const language = useLanguage()
  const list = useRef<HTMLDivElement>(null)
  const parts = useMemo(() => [{ id: MAIN, name: t('flow.main') }, ...flow.sub_flows].map(({ id, name }) => ({ id, name, blocks: inOrder(flow, id) })), [flow, t])
  const go = (id: string) => {
    const found = list.current?.querySelector<HTMLElement>(`[data-block="${CSS.escape(id)}"]`)
    found?.scrollIntoView({ block: 'center' })
    found?.querySelector<HTMLElement>('button')?.focus({ preventScroll: true })
  }
  const row = (block: Block, start: string) => {
    const { id } = block
    const spec = specs.get(block.type)
    const notes = edgeNotes(block, spec)
    const called = calledBy(block, spec)
    const part = called === undefined ? undefined : subFlowOf(flow, called)
    const count = visits?.get(id)
    const said = wordsOf(block, spec, language)
    return (
      <li key={id} data-block={id} className={visits && !count ? 'step step-dim' : count ? 'step step-visited' : 'step'}>
        <button type="button" className="step-block" onClick={() => select(id)}>
          <BlockIcon kind={block.type} category={spec?.category} />
          <span className="spread">
            <span className="row step-name">
              <strong>{words(id)}</strong>
              {id === start && <span className="chip chip-start">{t('flow.start')}</span>}
              {id === flow.person && <span className="chip chip-person">{t('editor.role_person')}</span>}
              {id === flow.hangup && <span className="chip">{t('editor.role_hangup')}</span>}
              {count !== undefined && count > 1 && <span className="chip num">{`${count}×`}</span>}
            </span>
            <span className="muted">{spec ? (language === 'zh-CN' ? spec.title_zh : spec.title_en) : words(block.type)}</span>
            {said !== '' && <span className="step-said">{said}</span>}
          </span>
        </button>
        {(part ?? waysOf(block).length > 0) && (
          <ul className="step-ways">
            {part && part.start !== '' && (
              <li>
                <button type="button" onClick={() => go(part.start)}>
                  <span className="mono">{t('flow.runs')}</span> {part.name}
                </button>
              </li>
            )}
            {waysOf(block).map(([edge, to]) => (
              <li key={edge}>
                <button type="button" className={taken?.has(`${id} ${edge}`) ? 'step-taken' : undefined} onClick={() => go(to)}>
                  <span className="mono">{[edge, notes.get(edge)].filter(Boolean).join(' · ')}</span> {`→ ${words(to)}`}
                </button>
              </li>
            ))}
          </ul>
        )}
      </li>
    )
  }
  return (
    <div ref={list} className="flow-steps">
      {parts.map(({ id, name, blocks }) => (
        <section key={id} aria-label={name}>
          {parts.length > 1 && <h2>{name}</h2>}
          <ol>{blocks.map((block) => row(block, startOf(flow, id)))}</ol>
        </section>
      ))}
    </div>
  )
}
