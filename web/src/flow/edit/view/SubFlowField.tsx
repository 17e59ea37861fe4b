/** Which sub-flow a block runs; one can be begun and opened from here. */
import { Button, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { useEdit } from '../context'
import { setParam } from '../params'
import { addSubFlow } from '../subflows'
import { useForm, type FieldProps } from './form'

const NEW = 'new sub-flow'

export function SubFlowField({ spec, value, set, label }: FieldProps) {
  const { t } = useTranslation()
  const edit = useEdit()
  const { subFlows, readOnly } = useForm()
  const is = typeof value === 'string' ? value : undefined
  const begin = () => {
    const [block] = edit.selected()
    const made = addSubFlow(edit.draft(), t('flow.new_part'), edit.specs)
    edit.change(() => {
      const kind = made.draft.blocks.find(({ id }) => id === block)?.type
      return block === undefined ? made.draft : setParam(made.draft, block, spec.name, made.id, kind === undefined ? undefined : edit.specs.get(kind))
    })
  }
  return (
    <div className="row">
      <Select
        className="field-one spread"
        aria-label={label}
        disabled={readOnly}
        placeholder={t('editor.choose')}
        value={is}
        options={[...subFlows, { value: NEW, label: `+ ${t('flow.add_part')}` }]}
        onChange={(next: string) => (next === NEW ? begin() : set(next))}
      />
      <Button disabled={!subFlows.some((one) => one.value === is)} onClick={() => is !== undefined && edit.enter(is)}>
        {t('flow.open_part')}
      </Button>
    </div>
  )
}
