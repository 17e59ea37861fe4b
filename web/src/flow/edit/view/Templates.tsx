/** Flows to begin from: what each does, its shape, and the whole of it to look at before it is taken. */
import { ReactFlowProvider } from '@xyflow/react'
import { useQuery } from '@tanstack/react-query'
import { Button, Modal } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Bones, ErrorNote } from '../../../components/Bits'
import { useLanguage } from '../../../lib/hooks'
import { Canvas } from '../../Canvas'
import { Thumb } from '../../Thumb'
import { templatesQuery } from '../api'
import { asFlow, wordsOf } from '../begin'
import { useEdit } from '../context'
import { languageNames } from '../words'
import './studio.css'
import { useReplace } from './useReplace'

export default function Templates({ close }: { close: () => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { specs } = useEdit()
  const { data, error, refetch } = useQuery(templatesQuery)
  const [chosen, choose] = useState<string>()
  const [block, setBlock] = useState<string>()
  const replace = useReplace()
  const flows = useMemo(() => new Map(data?.map(({ id, document }) => [id, asFlow(document)])), [data])
  const template = data?.find(({ id }) => id === chosen) ?? data?.[0]
  const flow = template && flows.get(template.id)
  const name = template ? wordsOf(template, language).name : ''
  return (
    <Modal
      open
      width={1080}
      className="studio-dialog"
      title={t('studio.templates')}
      onCancel={close}
      footer={
        <>
          <Button onClick={close}>{t('app.cancel')}</Button>
          <Button type="primary" disabled={!template} onClick={() => template && replace(name, template.document, close)}>
            {t('studio.use', { name })}
          </Button>
        </>
      }
    >
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {!data && !error && <Bones rows={6} />}
      {data && template && flow && (
        <div className="templates">
          <ul className="template-list" aria-label={t('studio.templates')}>
            {data.map((one) => {
              const { name: title, help } = wordsOf(one, language)
              const shape = flows.get(one.id)
              return (
                <li key={one.id}>
                  <button
                    type="button"
                    className="template"
                    aria-pressed={one.id === template.id}
                    onClick={() => {
                      choose(one.id)
                      setBlock(undefined)
                    }}
                  >
                    {shape && <Thumb flow={shape} />}
                    <span>
                      <strong>{title}</strong>
                      <span className="soft">{help}</span>
                      <span className="muted">
                        {t('editor.block_count', { count: shape?.blocks.length ?? 0 })} · {shape?.languages.map((code) => languageNames[code] ?? code).join(', ')}
                      </span>
                    </span>
                  </button>
                </li>
              )
            })}
          </ul>
          <section className="template-sight" aria-label={name}>
            <ReactFlowProvider key={template.id}>
              <Canvas flow={flow} specs={specs} visits={undefined} taken={undefined} selected={block} select={setBlock} />
            </ReactFlowProvider>
          </section>
        </div>
      )}
    </Modal>
  )
}
