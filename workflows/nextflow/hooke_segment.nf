// hooke segment as a Nextflow module: include { HOOKE_SEGMENT } from './hooke_segment.nf'
// Options of the command go into ext.args, such as: withName: HOOKE_SEGMENT { ext.args = '--diameter 30' }

process HOOKE_SEGMENT {
    tag "${meta.id}"
    label 'process_medium'
    container 'localhost/hooke' // docker build --tag localhost/hooke .

    input:
    tuple val(meta), path(images, stageAs: 'images/*')

    output:
    tuple val(meta), path("${prefix}/labels/*.tif")     , emit: labels      , optional: true
    tuple val(meta), path("${prefix}/overlays/*.png")   , emit: overlays    , optional: true
    tuple val(meta), path("${prefix}/measurements.csv") , emit: measurements
    tuple val(meta), path("${prefix}/summary.csv")      , emit: summary
    tuple val(meta), path("${prefix}/run.json")         , emit: record
    path "versions.yml"                                 , emit: versions

    script:
    def args = task.ext.args ?: ''
    def memory = task.memory ? "--max-memory ${task.memory.toBytes()}" : ''
    prefix = task.ext.prefix ?: "${meta.id}"
    // Status 1: some images failed. The others are kept, and summary.csv has the reasons.
    """
    hooke segment images -o ${prefix} --threads ${task.cpus} --quiet ${memory} ${args} || [ \$? -eq 1 ]

    printf '"%s":\\n    hooke: %s\\n' "${task.process}" "\$(hooke --version | cut -d ' ' -f 2)" > versions.yml
    """
}
