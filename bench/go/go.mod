module steadfast/bench

go 1.19
