import { holds } from '../../search/rules.ts'

holds('without a witness')
