"""dmap for Spack. `spack repo add cluster/spack` in the clone, then `spack install dmap`; from a clone that is being
worked on: `spack dev-build -d CLONE dmap@main`.
"""
from spack.package import *


class Dmap(CMakePackage):
    """Maps a C function, or a shell command, over items: on one core, on all cores of a machine, or on a cluster under
    mpirun, with the same results in the same order."""

    maintainers = []

    version("main")

    variant("tools", default=True, description="Install the command dmap")
    variant("docs", default=False, description="Install HTML made by Doxygen")

    depends_on("c", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi@3:")
    depends_on("hwloc@2:")
    depends_on("sqlite")
    depends_on("xxhash")
    depends_on("pcre2", when="+tools")
    depends_on("doxygen", type="build", when="+docs")

    def cmake_args(self):
        return [
            self.define("DMAP_BUILD_TESTS", False),
            self.define_from_variant("DMAP_BUILD_APPS", "tools"),
            self.define("MPI_C_COMPILER", self.spec["mpi"].mpicc),
        ]

    @property
    def build_targets(self):
        return ["all", "html"] if self.spec.satisfies("+docs") else ["all"]
