// nextflow run workflows/nextflow/main.nf -with-docker --images 'plate/*.tif' --outdir results

include { HOOKE_SEGMENT } from './hooke_segment.nf'

params.images = 'images/*'

workflow {
    HOOKE_SEGMENT(Channel.fromPath(params.images, checkIfExists: true).collect().map { files -> [[id: 'hooke'], files] })
}
