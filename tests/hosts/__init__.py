"""The package inside real host programs: servers, task queues, process and thread pools, loops."""
