# Where the files of an mpirun that a test kills go. To be sourced.
# shellcheck shell=sh

# leave_files_in FOLDER: an mpirun that is killed leaves files and shared memory behind: they go there. The launcher of
# Open MPI 4 has its own name for that, and so has that of 5, which calls the memory's `sm` instead of `vader`.
leave_files_in() {
    OMPI_MCA_orte_tmpdir_base=$1
    PRTE_MCA_prte_tmpdir_base=$1
    OMPI_MCA_btl_vader_backing_directory=$1
    OMPI_MCA_btl_sm_backing_directory=$1
    export OMPI_MCA_orte_tmpdir_base PRTE_MCA_prte_tmpdir_base
    export OMPI_MCA_btl_vader_backing_directory OMPI_MCA_btl_sm_backing_directory
}
